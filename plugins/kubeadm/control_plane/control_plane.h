// One look at a control plane: the KubeadmControlPlane, its Cluster and its Machines with what
// belongs to each. Made for one reconcile; every step reads from it and writes to the reply.
//
// Thread safety: belongs to one call. Lifetime: request, reply, call and host outlive it.
#pragma once

#include <capstan/host.h>
#include <capstan/reconcile.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace capstan::kubeadm {

using sdk::Json;

// A condition of a Machine that this provider answers for.
struct MachineHealth {
  sdk::Condition api_server, controller_manager, scheduler, etcd_pod, etcd_member, labels;
  bool known = false;
  bool etcd_answers = false;  // whatever it says of itself
};

struct EtcdMember {
  std::string id;
  std::string name;  // the node's; "" while it has not started
  bool learner = false;
};

struct ControlPlaneMachine {
  const Json* machine = nullptr;
  const Json* config = nullptr;  // its KubeadmConfig, null where gone
  Json infra;                    // its infrastructure machine, null where gone
  bool up_to_date = false;
  std::string outdated_because;
  MachineHealth health;

  std::string name() const { return sdk::string_at(*machine, "metadata/name"); }
  std::string uid() const { return sdk::string_at(*machine, "metadata/uid"); }
  std::string node() const { return sdk::string_at(*machine, "status/nodeRef/name"); }
  std::string failure_domain() const;
  bool deleting() const { return sdk::find_at(*machine, "metadata/deletionTimestamp") != nullptr; }
  // It goes and its clean-up hook is gone already, which is taken off once its member is out.
  bool has_left_etcd() const;
  bool condition_true(std::string_view type) const {
    return sdk::condition_is_true(*machine, type);
  }
};

// How long what was seen of a healthy control plane counts, as somebody else may change it.
inline constexpr std::chrono::seconds kHealthyRecheck{120};

struct ControlPlane {
  ControlPlane(const sdk::Host& host, const sdk::Request& request, sdk::Reply& reply,
               const sdk::Call& call);

  const sdk::Host& host;
  const sdk::Request& request;
  sdk::Reply& reply;
  const sdk::Call& call;
  const Json& object;   // the KubeadmControlPlane
  const Json& cluster;  // the Cluster
  std::string ns;
  std::string cluster_name;
  std::vector<ControlPlaneMachine> machines;  // its own, oldest first
  std::vector<const Json*> adoptable;         // control plane machines that nobody controls
  size_t foreign_machines = 0;                // control plane machines of somebody else's
  size_t worker_machines = 0;
  bool initialized = false;
  bool interrupted = false;  // the host broke a request to the workload cluster off
  // What the workload cluster said; empty where it was not asked.
  std::map<std::string, Json> nodes;     // by name
  std::vector<EtcdMember> etcd_members;  // of a stacked etcd

  int64_t desired_replicas() const { return sdk::int_at(object, "spec/replicas", 1); }
  std::string version() const { return sdk::string_at(object, "spec/version"); }
  const Json* config_spec() const { return sdk::find_at(object, "spec/kubeadmConfigSpec"); }
  // True: what was seen is not what there is, so nothing is to be told of it.
  bool given_up() const { return interrupted || call.cancelled(); }
  bool stacked_etcd() const;
  size_t deleting_machines() const;
  std::vector<const ControlPlaneMachine*> outdated() const;
};

}  // namespace capstan::kubeadm
