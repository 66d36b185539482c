// An infrastructure machine (Cluster API contract InfraMachine): the author says how an instance is
// found, made and removed; this layer does the rest of the contract: waiting for the Machine's
// owner reference, for the cluster's infrastructure and for the bootstrap data, the finalizer, the
// pause, spec.providerID, status.addresses, status.failureDomain, provisioned, the conditions Ready
// and Paused, deletion, and retries.
//
// Everything the author does outside is idempotent by MachineContext::uid(): instances are named or
// tagged by it, and find() looks for that. A crash at any point is followed by another find().
//
// Thread safety: reconcile() may run on many threads, never for one object at the same time.
//
// Example:
//   class HelloMachine : public InfraMachine {
//    public:
//     explicit HelloMachine(Cloud& cloud)
//         : InfraMachine({.kind = "HelloMachine",
//                         .finalizer = "hellomachine.infrastructure.cluster.x-k8s.io"}),
//           cloud_(cloud) {}
//     Expected<std::optional<Instance>> find(const MachineContext& machine) override {
//       const auto server = CAPSTAN_TRY(cloud_.server_by_tag(machine.uid()));
//       if (!server) return std::optional<Instance>();
//       return std::optional(Instance{.provider_id = "hello://" + server->id,
//                                     .addresses = {{"InternalIP", server->ip}}});
//     }
//     Step<Instance> create(const MachineContext& machine, const BootstrapData& data) override;
//     Step<Done> remove(const MachineContext& machine) override;
//   };
#pragma once

#include <capstan/provider.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace capstan::sdk {

struct Address {
  std::string type = {};  // Hostname, InternalIP, ExternalIP, InternalDNS or ExternalDNS
  std::string address = {};
};

// What runs outside for one machine.
struct Instance {
  std::string provider_id = {};  // spec.providerID: what the Node will have; required once ready
  std::vector<Address> addresses = {};
  std::string failure_domain = {};
  bool ready = true;        // false: exists and is not usable yet
  std::string reason = {};  // of the Ready condition while not ready: "ServerBuilding"
  std::string message = {};
  bool failed = false;           // it will never be ready; the Machine's owner has to replace it
  Json status = Json::object();  // merged into status: fields of the provider's own
};

// The script that makes the machine a node.
struct BootstrapData {
  std::string value = {};               // decoded
  std::string format = "cloud-config";  // or ignition
  std::string secret_name = {};
};

// What the author's functions are asked about.
class MachineContext {
 public:
  MachineContext(const Request& request, Reply& reply, const Call& call)
      : request_(request), reply_(reply), call_(call) {}

  const Json& object() const { return request_.object(); }
  const Json& spec() const { return part(&request_.object(), "spec"); }
  const Json& status() const { return part(&request_.object(), "status"); }
  // The Machine and the Cluster; null where they are gone already (on deletion).
  const Json* machine() const { return request_.owner(); }
  const Json* cluster() const { return request_.cluster(); }

  std::string uid() const { return request_.uid(); }
  std::string name() const { return request_.name(); }
  std::string ns() const { return request_.ns(); }
  std::string cluster_name() const { return label_of(object(), kClusterNameLabel); }
  std::string machine_name() const {
    return machine() == nullptr ? name() : string_at(*machine(), "metadata/name");
  }
  bool control_plane() const {
    return has_label(object(), kControlPlaneLabel) ||
           (machine() != nullptr && has_label(*machine(), kControlPlaneLabel));
  }
  // "v1.34.0", "" where there is none.
  std::string version() const { return string_at(part(machine(), "spec"), "version"); }
  // Where the Machine asks to be placed; "" leaves it to the provider.
  std::string failure_domain() const { return string_at(part(machine(), "spec"), "failureDomain"); }
  const std::vector<Json>& related(const std::string& relation) const {
    return request_.related(relation);
  }

  const Request& request() const { return request_; }
  // For status fields that carry a step's state to the next call, events, annotations.
  Reply& reply() const { return reply_; }
  const Call& call() const { return call_; }

 private:
  static const Json& part(const Json* object, const char* name) {
    static const Json kEmpty = Json::object();
    const Json* found = object == nullptr ? nullptr : find_at(*object, name);
    return found == nullptr ? kEmpty : *found;
  }
  const Request& request_;
  Reply& reply_;
  const Call& call_;
};

class InfraMachine {
 public:
  struct Options {
    std::string kind = {};       // "HelloMachine"
    std::string finalizer = {};  // "hellomachine.infrastructure.cluster.x-k8s.io"
    Contract contract = Contract::kV1Beta2;
    // Workers wait for an initialised control plane before they are made.
    bool workers_wait_for_control_plane = false;
    // How often a provisioned machine is looked at again; 0 for never.
    Milliseconds resync = std::chrono::minutes(10);
    Milliseconds poll = std::chrono::seconds(5);  // while an instance is not ready
  };

  explicit InfraMachine(Options options) : options_(std::move(options)) {}
  virtual ~InfraMachine() = default;

  const std::string& kind() const { return options_.kind; }

  Status reconcile(const Request& request, Reply& reply, const Call& call) {
    if (detail::paused(request, reply)) return {};
    const MachineContext machine(request, reply, call);
    if (request.deleting()) return reconcile_delete(machine);
    if (request.owner() == nullptr || string_at(*request.owner(), "kind") != "Machine") {
      return wait_for(reply, "WaitingForMachine",
                      "waiting for the Machine to set its owner reference");
    }
    if (request.cluster() == nullptr) {
      return wait_for(reply, "WaitingForCluster",
                      "waiting for the Cluster that label cluster.x-k8s.io/cluster-name names");
    }
    if (!detail::finalizer_is_stored(request, reply, options_.finalizer)) return {};
    return detail::provisioned(request.object(), options_.contract) ? observe(machine)
                                                                    : provision(machine);
  }

 protected:
  // The machine's instance, looked up by uid; nothing where there is none.
  virtual Expected<std::optional<Instance>> find(const MachineContext& machine) = 0;
  // Called only where find() found nothing. InProgress is followed by another find().
  virtual Step<Instance> create(const MachineContext& machine, const BootstrapData& data) = 0;
  // Called until it is done; what is gone already is done.
  virtual Step<Done> remove(const MachineContext& machine) = 0;
  // For providers that run the bootstrap data from outside, once the instance is ready. Called
  // until it is done; looks first whether it has run already.
  virtual Step<Done> bootstrap(const MachineContext& machine, const Instance& instance,
                               const BootstrapData& data) {
    (void)machine, (void)instance, (void)data;
    return Done{};
  }

 private:
  static Status wait_for(Reply& reply, const char* reason, const char* message) {
    detail::set_ready(reply, false, reason, message);
    return {};  // the relation's change wakes the object
  }

  Status provision(const MachineContext& machine) {
    Reply& reply = machine.reply();
    if (!infrastructure_provisioned(*machine.cluster())) {
      return wait_for(reply, "WaitingForClusterInfrastructureReady",
                      "waiting for Cluster status.initialization.infrastructureProvisioned");
    }
    const std::string secret = string_at(*machine.machine(), "spec/bootstrap/dataSecretName");
    if (secret.empty()) return wait_for_bootstrap(machine);
    if (options_.workers_wait_for_control_plane && !machine.control_plane() &&
        !control_plane_initialized(*machine.cluster())) {
      return wait_for(reply, "WaitingForControlPlaneInitialized",
                      "waiting for the control plane to be initialized");
    }
    const auto data = bootstrap_data(machine, secret);
    if (!data) {
      return detail::under_way(
          reply, {"WaitingForBootstrapData", "waiting for Secret " + secret + " with key `value`"});
    }
    return make(machine, *data);
  }

  Status wait_for_bootstrap(const MachineContext& machine) {
    if (!machine.control_plane() && !control_plane_initialized(*machine.cluster())) {
      return wait_for(machine.reply(), "WaitingForControlPlaneInitialized",
                      "waiting for the control plane to be initialized");
    }
    return wait_for(machine.reply(), "WaitingForBootstrapData",
                    "waiting for Machine spec.bootstrap.dataSecretName");
  }

  static std::optional<BootstrapData> bootstrap_data(const MachineContext& machine,
                                                     const std::string& secret_name) {
    const Json* secret = machine.request().bootstrap_secret();
    if (secret == nullptr) return std::nullopt;
    const std::string value = string_at(*secret, "data/value");
    if (value.empty()) return std::nullopt;
    BootstrapData data;
    data.value = base64_decode(value);
    const std::string format = base64_decode(string_at(*secret, "data/format"));
    if (!format.empty()) data.format = format;
    data.secret_name = secret_name;
    return data;
  }

  Status make(const MachineContext& machine, const BootstrapData& data) {
    Reply& reply = machine.reply();
    auto found = find(machine);
    if (!found.ok()) return detail::failed(reply, std::move(found).error(), "InstanceLookupFailed");
    Instance instance;
    if (found->has_value()) {
      instance = *std::move(*found);
    } else {
      auto created = create(machine, data);
      if (created.failed()) {
        return detail::failed_with_event(reply, std::move(created).error(),
                                         "InstanceCreationFailed");
      }
      if (created.in_progress()) return detail::under_way(reply, created.wait());
      instance = std::move(created).value();
      reply.event("InstanceCreated", "made the instance of Machine " + machine.machine_name());
    }
    reply.merge_status(instance.status);
    if (instance.failed || !instance.ready) return not_ready(machine, instance);
    auto booted = bootstrap(machine, instance, data);
    if (booted.failed()) {
      return detail::failed_with_event(reply, std::move(booted).error(), "BootstrapFailed");
    }
    if (booted.in_progress()) return detail::under_way(reply, booted.wait());
    return publish(machine, instance);
  }

  Status observe(const MachineContext& machine) {
    Reply& reply = machine.reply();
    auto found = find(machine);
    if (!found.ok()) return detail::failed(reply, std::move(found).error(), "InstanceLookupFailed");
    if (!found->has_value()) {
      // A machine that was provisioned is never made again: its Node may come back elsewhere.
      detail::set_ready(reply, false, "InstanceDeleted",
                        "the instance is gone; delete the Machine to have it replaced");
      detail::resync_after(reply, options_.resync);
      return {};
    }
    reply.merge_status((*found)->status);
    if ((*found)->failed || !(*found)->ready) return not_ready(machine, **found);
    return publish(machine, **found);
  }

  Status not_ready(const MachineContext& machine, const Instance& instance) {
    const char* fallback = instance.failed ? "InstanceFailed" : "InstanceNotReady";
    detail::set_ready(machine.reply(), false, instance.reason.empty() ? fallback : instance.reason,
                      instance.message);
    machine.reply().requeue_after(instance.failed ? options_.resync : options_.poll);
    return {};
  }

  Status publish(const MachineContext& machine, const Instance& instance) {
    Reply& reply = machine.reply();
    if (instance.provider_id.empty()) {
      return detail::failed(reply, Error::internal("a ready instance has no provider id"),
                            "InstanceNotReady");
    }
    reply.spec("providerID", instance.provider_id);
    Json addresses = Json::array();
    for (const Address& a : instance.addresses) {
      addresses.push_back({{"type", a.type}, {"address", a.address}});
    }
    reply.status("addresses", std::move(addresses));
    if (!instance.failure_domain.empty()) {
      if (options_.contract == Contract::kV1Beta1) {
        reply.spec("failureDomain", instance.failure_domain);
      } else {
        reply.status("failureDomain", instance.failure_domain);
      }
    }
    detail::set_provisioned(reply, options_.contract);
    detail::set_ready(reply, true, "Ready", instance.message);
    detail::resync_after(reply, options_.resync);
    return {};
  }

  Status reconcile_delete(const MachineContext& machine) {
    if (!machine.request().has_finalizer(options_.finalizer)) return {};
    return detail::end_removal(machine.reply(), remove(machine), options_.finalizer,
                               "InstanceDeletionFailed");
  }

  const Options options_;
};

}  // namespace capstan::sdk
