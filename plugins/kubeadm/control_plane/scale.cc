#include "plugins/kubeadm/control_plane/scale.h"

#include <algorithm>
#include <map>

#include "plugins/kubeadm/control_plane/cluster_configuration.h"
#include "plugins/kubeadm/control_plane/etcd_members.h"
#include "plugins/kubeadm/control_plane/health.h"
#include "plugins/kubeadm/control_plane/machines.h"
#include "plugins/kubeadm/names.h"

namespace capstan::kubeadm {
namespace {

using sdk::Error;
using sdk::Expected;
using sdk::Status;
using sdk::string_at;

// A wait that only the workload cluster can end is looked at again.
constexpr std::chrono::seconds kRecheck{2};

Status hold(ControlPlane& plane, const std::string& why) {
  plane.reply.condition({"ScalingUp", "Unknown", "WaitingForPreflightChecks", "* " + why});
  plane.reply.requeue_after(kRecheck);
  return {};
}

Status remove_one(ControlPlane& plane) {
  const ControlPlaneMachine& machine = pick_for_deletion(plane);
  if (const std::string why = why_not_stable(plane, &machine); !why.empty())
    return hold(plane, why);
  plane.reply.remove({kCoreApi, "Machine", plane.ns, machine.name(), machine.uid()});
  plane.reply.event("SuccessfulDelete", "Deleting control plane Machine " + machine.name());
  return {};
}

Status add_one(ControlPlane& plane) {
  if (const std::string why = why_not_stable(plane); !why.empty()) return hold(plane, why);
  CAPSTAN_TRY(update_cluster_configuration(plane));
  return create_machine(plane, next_failure_domain(plane));
}

bool waits_for_hook(const ControlPlaneMachine& machine) {
  const Json* deleting = sdk::condition_of(*machine.machine, "Deleting");
  return machine.deleting() && sdk::has_annotation(*machine.machine, kCleanupHook) &&
         deleting != nullptr && string_at(*deleting, "reason") == "WaitingForPreTerminateHook";
}

// Others' hooks of the same kind go first: they may need a working member.
bool has_other_hooks(const ControlPlaneMachine& machine) {
  constexpr std::string_view kPrefix = "pre-terminate.delete.hook.machine.cluster.x-k8s.io";
  const Json* annotations = sdk::find_at(*machine.machine, "metadata/annotations");
  if (annotations == nullptr) return false;
  return std::any_of(annotations->items().begin(), annotations->items().end(),
                     [&](const auto& item) {
                       return item.key().starts_with(kPrefix) && item.key() != kCleanupHook;
                     });
}

// Those that were deleted first before the others.
std::vector<const ControlPlaneMachine*> deleting_in_order(const ControlPlane& plane) {
  std::vector<const ControlPlaneMachine*> deleting;
  for (const ControlPlaneMachine& machine : plane.machines) {
    if (machine.deleting()) deleting.push_back(&machine);
  }
  const auto since = [](const ControlPlaneMachine* machine) {
    return string_at(*machine->machine, "metadata/deletionTimestamp");
  };
  std::stable_sort(deleting.begin(), deleting.end(),
                   [&](const auto* a, const auto* b) { return since(a) < since(b); });
  return deleting;
}

// Fails with the reason for which the machine has to stay. The last one is missed by nobody.
Status may_go(const ControlPlane& plane, const ControlPlaneMachine& leaving) {
  if (plane.machines.size() <= 1) return {};
  const bool others_serve = std::any_of(
      plane.machines.begin(), plane.machines.end(),
      [&](const auto& machine) { return &machine != &leaving && components_run(plane, machine); });
  if (!others_serve) {
    return Error::failed_precondition(
        "no other control plane Machine has all of its components healthy");
  }
  const std::string member = plane.stacked_etcd() ? member_name(plane, leaving) : "";
  if (member.empty()) return {};
  if (plane.etcd_members.empty()) return Error::unavailable("the members of etcd are not known");
  if (quorum_remains(plane, member)) return {};
  return Error::failed_precondition("without its etcd member " + member +
                                    " there is no majority of healthy members");
}

Status let_go(ControlPlane& plane, const ControlPlaneMachine& leaving) {
  CAPSTAN_TRY(may_go(plane, leaving));
  CAPSTAN_TRY(leave_etcd(plane, leaving));
  plane.reply.patch_other({kCoreApi, "Machine", plane.ns, leaving.name(), leaving.uid()},
                          {{"metadata", {{"annotations", {{kCleanupHook, nullptr}}}}}});
  return {};
}

bool unhealthy(const ControlPlaneMachine& machine) {
  return machine.health.known && machine.health.api_server.status != "True";
}

}  // namespace

int64_t max_surge(const ControlPlane& plane) {
  const Json* surge = sdk::find_at(plane.object, "spec/rollout/strategy/rollingUpdate/maxSurge");
  if (surge == nullptr) return 1;
  if (surge->is_number_integer()) return surge->get<int64_t>();
  return surge->is_string() && surge->get_ref<const std::string&>() == "0" ? 0 : 1;
}

const ControlPlaneMachine& pick_for_deletion(const ControlPlane& plane) {
  const auto marked = [](const ControlPlaneMachine& m) {
    return sdk::has_annotation(*m.machine, kDeleteMachine);
  };
  const auto rank = [&](const ControlPlaneMachine& m) {
    if (!m.up_to_date && marked(m)) return 0;
    if (marked(m)) return 1;
    if (!m.up_to_date && unhealthy(m)) return 2;
    return m.up_to_date ? 4 : 3;
  };
  std::map<std::string, int> load;
  for (const ControlPlaneMachine& machine : plane.machines) ++load[machine.failure_domain()];
  // Machines are sorted oldest first, so the first of equals is the oldest.
  return *std::min_element(plane.machines.begin(), plane.machines.end(),
                           [&](const ControlPlaneMachine& a, const ControlPlaneMachine& b) {
                             if (rank(a) != rank(b)) return rank(a) < rank(b);
                             return load.at(a.failure_domain()) > load.at(b.failure_domain());
                           });
}

Status finish_deletions(ControlPlane& plane) {
  const auto deleting = deleting_in_order(plane);
  const bool one_goes = std::any_of(deleting.begin(), deleting.end(),
                                    [](const auto* machine) { return machine->has_left_etcd(); });
  if (one_goes) return {};  // what is left without it shows once it is gone
  Status result;
  for (const ControlPlaneMachine* machine : deleting) {
    if (!waits_for_hook(*machine) || has_other_hooks(*machine)) continue;
    if (Status left = let_go(plane, *machine); !left.ok()) {
      if (result.ok()) {
        result = std::move(left).error().with_context("deleting Machine " + machine->name());
      }
      continue;
    }
    break;  // one at a time
  }
  return result;
}

Status scale(ControlPlane& plane) {
  const auto current = static_cast<int64_t>(plane.machines.size());
  const int64_t desired = plane.desired_replicas();
  if (current == 0) return create_machine(plane, next_failure_domain(plane));
  if (!plane.initialized) {
    plane.reply.requeue_after(kRecheck);
    return {};
  }
  if (!plane.outdated().empty()) {
    return current < desired + max_surge(plane) ? add_one(plane) : remove_one(plane);
  }
  if (current < desired) return add_one(plane);
  if (current > desired) return remove_one(plane);
  return {};
}

}  // namespace capstan::kubeadm
