// The smallest infrastructure provider: a cluster without infrastructure and machines that run in
// the plugin's memory. Start from here for a provider of your own; docs/writing-a-provider.md walks
// through it.
#include <capstan/infra_cluster.h>
#include <capstan/infra_machine.h>
#include <capstan/plugin.h>

#include "hello_cloud.h"

namespace hello {

using namespace capstan::sdk;

class HelloCluster : public InfraCluster {
 public:
  HelloCluster()
      : InfraCluster({.kind = "HelloCluster",
                      .finalizer = "hellocluster.infrastructure.cluster.x-k8s.io"}) {}

 protected:
  Step<Infrastructure> create(const ClusterContext&) override {
    return Infrastructure{.endpoint = Endpoint{"hello.invalid", 6443}};
  }
  Step<Done> remove(const ClusterContext&) override { return Done{}; }
};

class HelloMachine : public InfraMachine {
 public:
  explicit HelloMachine(HelloCloud& cloud)
      : InfraMachine(
            {.kind = "HelloMachine", .finalizer = "hellomachine.infrastructure.cluster.x-k8s.io"}),
        cloud_(cloud) {}

  std::string default_greeting = "hello";
  Metric created;  // counts; does nothing until the plugin is active

 protected:
  Expected<std::optional<Instance>> find(const MachineContext& machine) override {
    const std::optional<Server> server = cloud_.find(machine.uid());
    if (!server) return std::optional<Instance>();
    return std::optional(Instance{.provider_id = "hello:////" + server->id,
                                  .addresses = {{"InternalIP", server->address}},
                                  .failure_domain = machine.failure_domain(),
                                  .ready = server->running,
                                  .reason = server->running ? "" : "ServerStarting",
                                  .message = server->running ? "" : server->id + " starts",
                                  .status = {{"greeting", server->greeting}}});
  }
  Step<Instance> create(const MachineContext& machine, const BootstrapData&) override {
    const std::string greeting = string_at(machine.spec(), "greeting", default_greeting);
    cloud_.create(machine.uid(), greeting + ", " + machine.machine_name());
    created.record();
    return InProgress{"ServerStarting", "the server was asked for", std::chrono::seconds(1)};
  }
  Step<Done> remove(const MachineContext& machine) override {
    cloud_.remove(machine.uid());
    return Done{};
  }

 private:
  HelloCloud& cloud_;
};

class HelloPlugin {
 public:
  explicit HelloPlugin(Host& host) : host_(host), machines_(cloud_) {}

  Status activate(const Json& settings) {
    machines_.default_greeting = string_at(settings, "greeting", "hello");
    // /metrics has it as capstan_plugin_hello_servers_created_total.
    machines_.created = host_.metrics().counter("servers_created_total", "Servers asked for.");
    host_.log().info("ready to greet", {{"greeting", machines_.default_greeting}});
    return {};
  }
  Status reconcile(const Request& request, Reply& reply, const Call& call) {
    return dispatch(request, reply, call, machines_, clusters_);
  }
  Status admit(Admission& admission) {
    const std::string greeting = string_at(admission.object(), "spec/greeting");
    if (greeting.find('\n') != std::string::npos) {
      return Error::invalid("a greeting is one line", "/spec/greeting");
    }
    return {};
  }

 private:
  Host& host_;
  HelloCloud cloud_;
  HelloCluster clusters_;
  HelloMachine machines_;
};

}  // namespace hello

CAPSTAN_PLUGIN(hello::HelloPlugin)
