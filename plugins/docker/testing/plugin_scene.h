// A cluster and a machine under a docker plugin that can be ended and started anew at any moment,
// as by a crash of the server: what was not committed is forgotten.
//
// Thread safety: one thread.
//
// Example:
//   PluginScene scene(engine, "scene-1");
//   ASSERT_TRUE(scene.until_ready(scene.cluster));
#pragma once

#include <capstan/testing.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "plugins/docker/docker_plugin.h"

namespace capstan::docker {

// The plugin's class with a transport of the test's.
class PluginOnTransport : public DockerPlugin {
 public:
  static inline EngineTransport* transport = nullptr;
  explicit PluginOnTransport(sdk::Host& host) : DockerPlugin(host, connect) {}

 private:
  class Borrowed : public EngineTransport {
   public:
    Expected<EngineResponse> send(const EngineRequest& request) override {
      return transport->send(request);
    }
    Expected<EngineResponse> stream(const EngineRequest& request, const ChunkSink& sink) override {
      return transport->stream(request, sink);
    }
    std::string host() const override { return transport->host(); }
  };
  static Expected<std::unique_ptr<EngineTransport>> connect(const std::string&) {
    return std::unique_ptr<EngineTransport>(std::make_unique<Borrowed>());
  }
};

class PluginScene {
 public:
  using Object = sdk::ReconciledObject<PluginOnTransport>;

  // `pause` is between two calls, for engines that need time.
  PluginScene(EngineTransport& transport, const std::string& name, Json settings,
              Milliseconds pause = Milliseconds(0))
      : settings_(std::move(settings)), pause_(pause), name_(name) {
    PluginOnTransport::transport = &transport;
    restart();
    cluster = std::make_unique<Object>(*plugin_, infrastructure("DockerCluster", name));
    machine = std::make_unique<Object>(*plugin_, infrastructure("DockerMachine", name + "-cp"));
    set_relations();
  }

  sdk::FakeHost host;
  std::unique_ptr<Object> cluster;
  std::unique_ptr<Object> machine;

  // Ends the plugin and starts it anew; the objects stay.
  void restart() {
    plugin_.reset();
    plugin_ = std::make_unique<sdk::PluginUnderTest<PluginOnTransport>>(host, settings_);
    if (cluster) rebuild(cluster);
    if (machine) rebuild(machine);
  }
  void use_transport(EngineTransport& transport) { PluginOnTransport::transport = &transport; }

  // Calls until it holds; `crashed` says after each call whether that was the last of the plugin.
  bool until(Object* (*which)(PluginScene&), const std::function<bool(const Object&)>& holds,
             const std::function<bool()>& crashed = {}, int calls = 600) {
    for (int i = 0; i < calls; ++i) {
      Object& object = *which(*this);
      if (holds(object)) return true;
      const Json before = object.object;
      object.step();
      if (crashed && crashed()) {
        object.object = before;
        restart();
      }
      if (pause_.count() > 0) std::this_thread::sleep_for(pause_);
    }
    return false;
  }

  static Object* the_cluster(PluginScene& scene) { return scene.cluster.get(); }
  static Object* the_machine(PluginScene& scene) { return scene.machine.get(); }
  static bool ready(const Object& object) { return object.condition("Ready") == "True"; }
  static bool gone(const Object& object) { return object.gone(); }

  void set_user_data(const std::string& text) {
    machine->bootstrap_secret = {{"data", {{"value", sdk::base64_encode(text)}}}};
  }

 private:
  static Json infrastructure(const std::string& kind, const std::string& name) {
    return {{"apiVersion", "infrastructure.cluster.x-k8s.io/v1beta2"},
            {"kind", kind},
            {"metadata",
             {{"name", name},
              {"namespace", "default"},
              {"uid", "uid-of-" + name},
              {"labels", {{"cluster.x-k8s.io/cluster-name", name.substr(0, name.rfind("-cp"))}}}}},
            {"spec", Json::object()}};
  }
  void set_relations() {
    const Json owner = {{"apiVersion", "cluster.x-k8s.io/v1beta2"},
                        {"kind", "Cluster"},
                        {"metadata", {{"name", name_}, {"namespace", "default"}}},
                        {"spec", Json::object()},
                        {"status", {{"initialization", {{"infrastructureProvisioned", true}}}}}};
    cluster->cluster = cluster->owner = machine->cluster = owner;
    machine->owner = {
        {"apiVersion", "cluster.x-k8s.io/v1beta2"},
        {"kind", "Machine"},
        {"metadata",
         {{"name", name_ + "-cp"}, {"labels", {{"cluster.x-k8s.io/control-plane", ""}}}}},
        {"spec",
         {{"version", "v1.34.2"},
          {"failureDomain", "a"},
          {"bootstrap", {{"dataSecretName", "data"}}}}}};
    set_user_data(
        "#cloud-config\nruncmd:\n- mkdir -p /run/cluster-api\n"
        "- echo success > /run/cluster-api/bootstrap-success.complete\n");
  }
  void rebuild(std::unique_ptr<Object>& object) {
    auto fresh = std::make_unique<Object>(*plugin_, object->object);
    fresh->cluster = object->cluster;
    fresh->owner = object->owner;
    fresh->bootstrap_secret = object->bootstrap_secret;
    object = std::move(fresh);
  }

  const Json settings_;
  const Milliseconds pause_;
  const std::string name_;
  std::unique_ptr<sdk::PluginUnderTest<PluginOnTransport>> plugin_;
};

}  // namespace capstan::docker
