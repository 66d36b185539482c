// The whole plugin against a pretended engine, and (label docker) the same against a real one.
#include "plugins/docker/docker_plugin.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "plugins/docker/testing/fake_engine.h"
#include "plugins/docker/testing/faulty_transport.h"
#include "plugins/docker/testing/plugin_scene.h"

// Stands in for what capstan_add_plugin embeds.
extern "C" const capstan_descriptor capstan_plugin_descriptor;
const capstan_descriptor capstan_plugin_descriptor = {
    sizeof(capstan_descriptor), CAPSTAN_ABI_MAJOR, 0, 0, {}, {}, {}};

namespace capstan::docker {
namespace {

using sdk::bool_at;
using sdk::string_at;

class DockerPluginTest : public testing::Test {
 protected:
  DockerPluginTest() { engine.images = {"capstan/node:v1.34.2", "capstan/load-balancer:v1"}; }
  bool cluster_ready() { return scene.until(PluginScene::the_cluster, PluginScene::ready); }
  bool machine_ready() { return scene.until(PluginScene::the_machine, PluginScene::ready); }
  bool both_ready() { return cluster_ready() && machine_ready(); }
  std::string message(const PluginScene::Object& object, const char* type = "Ready") {
    const Json* condition = sdk::condition_of(object.object, type);
    return condition == nullptr ? "" : string_at(*condition, "message");
  }
  std::string config_of_balancer() {
    return engine.named("c-lb")->files["/usr/local/etc/haproxy/haproxy.cfg"];
  }

  FakeEngine engine;
  PluginScene scene{engine, "c", {{"network", "net"}}};
};

TEST_F(DockerPluginTest, a_cluster_gets_a_network_a_balancer_and_an_endpoint) {
  scene.cluster->object["spec"]["failureDomains"] =
      Json::parse(R"([{"name": "a", "controlPlane": true, "attributes": {"rack": "1"}}])");
  ASSERT_TRUE(cluster_ready()) << scene.cluster->object.dump(1);
  EXPECT_TRUE(engine.networks.contains("net"));
  const auto* balancer = engine.named("c-lb");
  ASSERT_NE(balancer, nullptr);
  EXPECT_EQ(balancer->state, "running");
  EXPECT_EQ(string_at(scene.cluster->object, "spec/controlPlaneEndpoint/host"), balancer->address);
  EXPECT_EQ(sdk::int_at(scene.cluster->object, "spec/controlPlaneEndpoint/port"), 6443);
  EXPECT_TRUE(bool_at(scene.cluster->object, "status/initialization/provisioned"));
  EXPECT_EQ(scene.cluster->condition("LoadBalancerAvailable"), "True");
  EXPECT_EQ(scene.cluster->object["status"]["failureDomains"],
            Json::parse(R"([{"name": "a", "controlPlane": true, "attributes": {"rack": "1"}}])"));
  EXPECT_NE(config_of_balancer().find("frontend"), std::string::npos);
  const Json& config = balancer->config;
  EXPECT_EQ(config["HostConfig"]["PortBindings"]["6443/tcp"][0]["HostIp"], "127.0.0.1");
}

TEST_F(DockerPluginTest, a_balancer_that_was_removed_comes_back_at_the_endpoint_s_address) {
  ASSERT_TRUE(cluster_ready());
  const std::string address = engine.named("c-lb")->address;
  const std::string id = engine.named("c-lb")->id;
  engine.containers.erase(id);
  scene.cluster->run(5);
  const auto* balancer = engine.named("c-lb");
  ASSERT_NE(balancer, nullptr);
  EXPECT_NE(balancer->id, id);
  EXPECT_EQ(balancer->address, address);
  EXPECT_EQ(balancer->state, "running");
  EXPECT_EQ(scene.cluster->condition("LoadBalancerAvailable"), "True");
}

TEST_F(DockerPluginTest, an_endpoint_outside_of_the_network_is_not_the_balancer_s_address) {
  scene.cluster->object["spec"]["controlPlaneEndpoint"] = {{"host", "192.0.2.1"}, {"port", 6443}};
  scene.cluster->run(5);
  ASSERT_NE(engine.named("c-lb"), nullptr);
  EXPECT_FALSE(engine.named("c-lb")->config.contains("NetworkingConfig"));
  EXPECT_EQ(scene.cluster->condition("LoadBalancerAvailable"), "False");
  EXPECT_NE(message(*scene.cluster, "LoadBalancerAvailable").find("192.0.2.1"), std::string::npos);
}

TEST_F(DockerPluginTest, a_machine_becomes_a_container_that_has_run_its_bootstrap_data_once) {
  ASSERT_TRUE(both_ready()) << scene.machine->object.dump(1);
  const auto* node = engine.named("c-cp");
  ASSERT_NE(node, nullptr);
  EXPECT_EQ(node->runs, 1);
  const Json& object = scene.machine->object;
  EXPECT_EQ(string_at(object, "spec/providerID"), "docker:////c-cp");
  EXPECT_EQ(object["status"]["addresses"], Json::parse(R"([{"type": "Hostname", "address": "c-cp"},
                            {"type": "InternalIP", "address": ")" +
                                                       node->address + R"("},
                            {"type": "ExternalIP", "address": ")" +
                                                       node->address + R"("}])"));
  EXPECT_EQ(string_at(object, "status/failureDomain"), "a");
  EXPECT_TRUE(bool_at(object, "status/loadBalancerConfigured"));
  EXPECT_EQ(scene.machine->condition("ContainerProvisioned"), "True");
  EXPECT_EQ(scene.machine->condition("BootstrapExecSucceeded"), "True");
  const Json& labels = node->config["Labels"];
  EXPECT_EQ(labels["capstan.dev/uid"], "uid-of-c-cp");
  EXPECT_EQ(labels["capstan.dev/failure-domain"], "a");
  EXPECT_EQ(labels["io.x-k8s.kind.cluster"], "c");
  EXPECT_EQ(labels["io.x-k8s.kind.role"], "control-plane");
  EXPECT_TRUE(node->config["Volumes"].contains("/var"));
}

TEST_F(DockerPluginTest, the_balancer_knows_a_control_plane_before_its_bootstrap_data_runs) {
  std::string config;
  engine.on_bootstrap = [&](FakeEngine::FakeContainer& node) {
    config = engine.named("c-lb")->files["/usr/local/etc/haproxy/haproxy.cfg"];
    node.files["/var/lib/capstan/bootstrap/state/exit-code"] = "0";
  };
  ASSERT_TRUE(both_ready());
  EXPECT_NE(config.find("server c-cp " + engine.named("c-cp")->address + ":6443"),
            std::string::npos);
  EXPECT_EQ(engine.named("c-lb")->signals, std::vector<std::string>{"SIGHUP"});
}

TEST_F(DockerPluginTest, deletion_leaves_nothing) {
  ASSERT_TRUE(both_ready());
  scene.machine->ask_deletion();
  EXPECT_TRUE(scene.until(PluginScene::the_machine, PluginScene::gone));
  EXPECT_EQ(config_of_balancer().find("server c-cp"), std::string::npos);
  scene.cluster->ask_deletion();
  EXPECT_TRUE(scene.until(PluginScene::the_cluster, PluginScene::gone));
  EXPECT_TRUE(engine.containers.empty());
  EXPECT_TRUE(engine.networks.empty());
}

TEST_F(DockerPluginTest, a_network_that_was_there_before_is_kept) {
  engine.networks["net"] = {"net-0", Json::object()};
  ASSERT_TRUE(cluster_ready());
  scene.cluster->ask_deletion();
  EXPECT_TRUE(scene.until(PluginScene::the_cluster, PluginScene::gone));
  EXPECT_TRUE(engine.networks.contains("net"));
}

TEST_F(DockerPluginTest, a_dev_machine_has_its_fields_below_its_backend) {
  for (auto* object : {scene.cluster.get(), scene.machine.get()}) {
    const std::string kind = object->object["kind"];
    object->object["kind"] = kind == "DockerCluster" ? "DevCluster" : "DevMachine";
    object->object["spec"]["backend"]["docker"] = Json::object();
  }
  scene.machine->object["spec"]["backend"]["docker"]["customImage"] = "mine:1";
  engine.images.insert("mine:1");
  ASSERT_TRUE(both_ready()) << scene.machine->object.dump(1);
  EXPECT_EQ(engine.named("c-cp")->config["Image"], "mine:1");
  EXPECT_FALSE(scene.machine->object["status"].contains("loadBalancerConfigured"));
}

TEST_F(DockerPluginTest, an_engine_that_may_not_give_all_rights_is_asked_for_a_list_of_them) {
  engine.allows_privileged = false;
  ASSERT_TRUE(both_ready()) << scene.machine->object.dump(1);
  const Json& host = engine.named("c-cp")->config["HostConfig"];
  EXPECT_FALSE(host.contains("Privileged"));
  EXPECT_EQ(host["CapDrop"], Json::parse(R"(["SYS_RESOURCE"])"));
  EXPECT_EQ(host["MaskedPaths"], Json::array());
  EXPECT_EQ(engine.named("c-cp")->runs, 1);
}

TEST(DockerPrivilegedTest, where_all_rights_are_demanded_the_refusal_names_the_setting) {
  FakeEngine engine;
  engine.images = {"capstan/node:v1.34.2", "capstan/load-balancer:v1"};
  engine.allows_privileged = false;
  PluginScene scene(engine, "c", {{"privileged", "always"}});
  ASSERT_TRUE(scene.until(PluginScene::the_cluster, PluginScene::ready));
  EXPECT_FALSE(scene.until(PluginScene::the_machine, PluginScene::ready, {}, 5));
  ASSERT_FALSE(scene.machine->last.diagnostics.empty());
  EXPECT_NE(scene.machine->last.diagnostics[0].summary.find("unable to apply caps"),
            std::string::npos);
  EXPECT_NE(scene.machine->last.diagnostics[0].detail.find("privileged: auto"), std::string::npos);
}

TEST_F(DockerPluginTest, bootstrap_data_that_fails_is_reported_with_the_end_of_its_log) {
  engine.on_bootstrap = [](FakeEngine::FakeContainer& node) {
    node.files["/var/lib/capstan/bootstrap/state/log"] = "kubeadm: cannot do it\n";
    node.files["/var/lib/capstan/bootstrap/state/exit-code"] = "3";
  };
  ASSERT_TRUE(cluster_ready());
  EXPECT_FALSE(scene.until(PluginScene::the_machine, PluginScene::ready, {}, 10));
  EXPECT_EQ(scene.machine->reason("Ready"), "BootstrapFailed");
  EXPECT_NE(message(*scene.machine).find("exit code 3"), std::string::npos);
  EXPECT_NE(message(*scene.machine).find("kubeadm: cannot do it"), std::string::npos);
  EXPECT_EQ(scene.machine->condition("BootstrapExecSucceeded"), "False");
  EXPECT_EQ(engine.named("c-cp")->runs, 1);
  ASSERT_FALSE(scene.machine->last.diagnostics.empty());
  EXPECT_TRUE(scene.machine->last.diagnostics[0].terminal);
}

TEST_F(DockerPluginTest, bootstrap_data_has_only_as_long_as_the_machine_says) {
  engine.on_bootstrap = [](FakeEngine::FakeContainer&) {};
  scene.machine->object["spec"]["bootstrapTimeout"] = "1m30s";
  ASSERT_TRUE(cluster_ready());
  EXPECT_FALSE(scene.until(PluginScene::the_machine, PluginScene::ready, {}, 10));
  EXPECT_EQ(scene.machine->reason("Ready"), "Bootstrapping");
  scene.host.unix_nanos += 91'000'000'000;
  scene.machine->step();
  EXPECT_EQ(scene.machine->reason("Ready"), "BootstrapFailed");
  EXPECT_NE(message(*scene.machine).find("90 s"), std::string::npos);
}

TEST_F(DockerPluginTest, bootstrap_data_that_cannot_be_run_makes_no_container) {
  scene.set_user_data("#!/bin/sh\n");
  ASSERT_TRUE(cluster_ready());
  EXPECT_FALSE(scene.until(PluginScene::the_machine, PluginScene::ready, {}, 5));
  EXPECT_EQ(scene.machine->reason("Ready"), "BootstrapDataInvalid");
  EXPECT_EQ(engine.named("c-cp"), nullptr);
}

TEST_F(DockerPluginTest, somebody_else_s_container_of_that_name_is_left_alone) {
  ASSERT_TRUE(cluster_ready());
  engine.containers["x"] = {.id = "x", .name = "c-cp", .config = {{"Labels", Json::object()}}};
  EXPECT_FALSE(scene.until(PluginScene::the_machine, PluginScene::ready, {}, 5));
  EXPECT_EQ(scene.machine->reason("Ready"), "NameTaken");
  EXPECT_NE(message(*scene.machine).find("c-cp"), std::string::npos);
  scene.machine->ask_deletion();
  EXPECT_TRUE(scene.until(PluginScene::the_machine, PluginScene::gone));
  EXPECT_NE(engine.named("c-cp"), nullptr);
}

TEST_F(DockerPluginTest, an_image_that_nobody_has_fails_fast_and_is_named) {
  engine.images.erase("capstan/node:v1.34.2");
  engine.pull_error = "manifest unknown";
  ASSERT_TRUE(cluster_ready());
  // The pull runs on a thread of its own; it is over after some calls.
  const auto told = [](const PluginScene::Object& object) {
    return object.reason("Ready") == "ImagePullFailed";
  };
  EXPECT_TRUE(scene.until(PluginScene::the_machine, told, {}, 1'000'000));
  EXPECT_NE(message(*scene.machine).find("kindest/node:v1.34.2"), std::string::npos);
  EXPECT_NE(message(*scene.machine).find("manifest unknown"), std::string::npos);
}

TEST_F(DockerPluginTest, a_pull_that_failed_is_tried_again_with_growing_delays) {
  engine.images.erase("capstan/node:v1.34.2");
  engine.pull_error = "manifest unknown";
  ASSERT_TRUE(cluster_ready());
  const auto told = [](const PluginScene::Object& object) {
    return object.reason("Ready") == "ImagePullFailed";
  };
  ASSERT_TRUE(scene.until(PluginScene::the_machine, told, {}, 1'000'000));
  const auto pulls = [&] {
    return std::count(engine.requests.begin(), engine.requests.end(), "POST /images/create");
  };
  EXPECT_EQ(scene.machine->last.diagnostics.at(0).retry_after, Milliseconds(5000));
  scene.host.monotonic_nanos += 3'000'000'000;
  scene.machine->step();
  EXPECT_TRUE(told(*scene.machine));
  EXPECT_EQ(scene.machine->last.diagnostics.at(0).retry_after, Milliseconds(2000));
  EXPECT_EQ(pulls(), 1);

  engine.pull_error.clear();
  scene.host.monotonic_nanos += 2'000'000'000;
  EXPECT_TRUE(scene.until(PluginScene::the_machine, PluginScene::ready, {}, 1'000'000));
  EXPECT_EQ(pulls(), 2);
}

TEST_F(DockerPluginTest, images_are_copied_into_the_node_before_its_bootstrap_data_runs) {
  engine.images.insert("app:1");
  scene.machine->object["spec"]["preLoadImages"] = {"app:1"};
  std::set<std::string> files;
  engine.on_bootstrap = [&](FakeEngine::FakeContainer& node) {
    for (const auto& [path, content] : node.files) files.insert(path);
    node.files["/var/lib/capstan/bootstrap/state/exit-code"] = "0";
  };
  ASSERT_TRUE(both_ready()) << scene.machine->object.dump(1);
  EXPECT_TRUE(files.contains("/var/lib/capstan/preload/0/part-000000"));
  EXPECT_TRUE(files.contains("/var/lib/capstan/preload/0/complete"));
}

TEST_F(DockerPluginTest, a_machine_whose_container_is_gone_is_not_made_again) {
  ASSERT_TRUE(both_ready());
  engine.containers.erase(engine.named("c-cp")->id);
  scene.machine->step();
  EXPECT_EQ(scene.machine->reason("Ready"), "InstanceDeleted");
  EXPECT_EQ(engine.named("c-cp"), nullptr);
}

TEST_F(DockerPluginTest, a_container_that_stopped_is_reported_and_comes_back) {
  ASSERT_TRUE(both_ready());
  engine.named("c-cp")->state = "exited";
  scene.machine->step();
  EXPECT_EQ(scene.machine->reason("Ready"), "ContainerNotRunning");
  EXPECT_NE(message(*scene.machine).find("docker start c-cp"), std::string::npos);
  engine.named("c-cp")->state = "running";
  scene.machine->step();
  EXPECT_EQ(scene.machine->condition("Ready"), "True");
}

TEST_F(DockerPluginTest, a_template_of_the_user_s_makes_the_balancer_s_configuration) {
  scene.host.objects.push_back(
      {{"apiVersion", "v1"},
       {"kind", "ConfigMap"},
       {"metadata", {{"name", "mine"}, {"namespace", "default"}}},
       {"data",
        {{"value", "{{ range $server, $backend := .BackendServers }}{{ $server }}{{ end }}"}}}});
  scene.cluster->object["spec"]["loadBalancer"]["customHAProxyConfigTemplateRef"]["name"] = "mine";
  ASSERT_TRUE(both_ready()) << scene.cluster->object.dump(1);
  EXPECT_EQ(config_of_balancer(), "c-cp");
}

TEST(DockerSettingsTest, wrong_settings_are_refused_with_their_path) {
  EXPECT_EQ(read_settings({{"privileged", "yes"}}, "").error().field, "/privileged");
  EXPECT_EQ(read_settings({{"network", ""}}, "").error().field, "/network");
  EXPECT_EQ(read_settings(Json::object(), "tcp://h:1")->host, "tcp://h:1");
  EXPECT_EQ(read_settings({{"host", "unix:///a"}}, "tcp://h:1")->host, "unix:///a");
}

TEST(DurationTest, durations_are_read_as_go_writes_them) {
  EXPECT_EQ(parse_duration("1h2m3.5s"), Milliseconds(3'723'500));
  EXPECT_EQ(parse_duration("300ms"), Milliseconds(300));
  for (const char* text : {"", "5", "s", "-1s", "1x"}) EXPECT_FALSE(parse_duration(text)) << text;
}

}  // namespace
}  // namespace capstan::docker
