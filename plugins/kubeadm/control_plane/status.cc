#include "plugins/kubeadm/control_plane/status.h"

#include <algorithm>
#include <map>

#include "plugins/kubeadm/bootstrap/kubeadm_documents.h"
#include "plugins/kubeadm/control_plane/etcd_members.h"
#include "plugins/kubeadm/control_plane/remediation.h"
#include "plugins/kubeadm/control_plane/scale.h"
#include "plugins/kubeadm/names.h"

namespace capstan::kubeadm {
namespace {

using sdk::Condition;
using sdk::string_at;

int64_t count(const ControlPlane& plane, std::string_view condition) {
  return std::count_if(plane.machines.begin(), plane.machines.end(),
                       [&](const auto& machine) { return machine.condition_true(condition); });
}

std::string names(const std::vector<std::string>& list) {
  std::string text;
  for (size_t i = 0; i < list.size() && i < 3; ++i) text += (i == 0 ? "" : ", ") + list[i];
  if (list.size() > 3) text += ", ... (" + std::to_string(list.size() - 3) + " more)";
  return text;
}

// "* Machines a, b: what" for every distinct thing that is amiss.
std::string summary(const std::map<std::string, std::vector<std::string>>& problems) {
  std::string text;
  for (const auto& [problem, machines] : problems) {
    text += (text.empty() ? "" : "\n") + std::string("* Machine") +
            (machines.size() > 1 ? "s " : " ") + names(machines) + ": " + problem;
  }
  return text;
}

struct Rollup {
  bool bad = false;
  bool unknown = false;
  std::map<std::string, std::vector<std::string>> problems;

  void add(const Condition& condition, const std::string& machine) {
    if (condition.type.empty() || condition.status == "True") return;
    (condition.status == "False" ? bad : unknown) = true;
    problems[condition.type + ": " + condition.message].push_back(machine);
  }
  Condition condition(const std::string& type, const std::string& good_reason,
                      const std::string& bad_reason, const std::string& unknown_reason) const {
    if (bad) return {type, "False", bad_reason, summary(problems)};
    if (unknown) return {type, "Unknown", unknown_reason, summary(problems)};
    return {type, "True", good_reason, ""};
  }
};

Condition components_healthy(const ControlPlane& plane) {
  Rollup rollup;
  for (const ControlPlaneMachine& machine : plane.machines) {
    for (const Condition* condition :
         {&machine.health.api_server, &machine.health.controller_manager, &machine.health.scheduler,
          &machine.health.etcd_pod}) {
      rollup.add(*condition, machine.name());
    }
  }
  if (!plane.initialized) {
    return {"ControlPlaneComponentsHealthy", "Unknown", "InspectionFailed",
            "Waiting for the control plane to be initialized"};
  }
  return rollup.condition("ControlPlaneComponentsHealthy", "Healthy", "NotHealthy",
                          "HealthUnknown");
}

Condition etcd_healthy(const ControlPlane& plane) {
  Rollup rollup;
  for (const ControlPlaneMachine& machine : plane.machines) {
    rollup.add(machine.health.etcd_member, machine.name());
  }
  if (!plane.initialized) {
    return {"EtcdClusterHealthy", "Unknown", "InspectionFailed",
            "Waiting for the control plane to be initialized"};
  }
  Condition condition =
      rollup.condition("EtcdClusterHealthy", "Healthy", "NotHealthy", "HealthUnknown");
  for (const EtcdMember* member : stray_members(plane)) {
    condition.status = "False";
    condition.reason = "NotHealthy";
    condition.message += (condition.message.empty() ? "* " : "\n* ") + without_machine(*member);
  }
  return condition;
}

Condition machines_condition(const ControlPlane& plane, const std::string& type,
                             const std::string& of_machine, const std::string& good,
                             const std::string& bad) {
  Rollup rollup;
  for (const ControlPlaneMachine& machine : plane.machines) {
    const sdk::Json* condition = sdk::condition_of(*machine.machine, of_machine);
    if (condition == nullptr) {
      rollup.add({of_machine, "Unknown", "", "not yet reported"}, machine.name());
    } else {
      rollup.add(
          {of_machine, string_at(*condition, "status"), "", string_at(*condition, "message")},
          machine.name());
    }
  }
  if (plane.machines.empty()) return {type, "True", "NoReplicas", ""};
  return rollup.condition(type, good, bad, of_machine + "Unknown");
}

// etcd needs a majority; without it nothing works however many API servers there are.
Condition available(const ControlPlane& plane, bool deleting) {
  if (deleting)
    return {"Available", "False", "NotAvailable",
            "* Control plane metadata.deletionTimestamp is set"};
  if (!plane.initialized) {
    return {"Available", "False", "NotAvailable", "Control plane not yet initialized"};
  }
  const auto components_ok = [](const ControlPlaneMachine& m) {
    return m.health.api_server.status == "True" && m.health.controller_manager.status == "True" &&
           m.health.scheduler.status == "True";
  };
  const auto etcd_ok = [&](const ControlPlaneMachine& m) {
    return !plane.stacked_etcd() || m.health.etcd_member.status == "True";
  };
  const auto& machines = plane.machines;
  const bool any = std::any_of(machines.begin(), machines.end(),
                               [&](const auto& m) { return components_ok(m) && etcd_ok(m); });
  // A machine that goes may have left etcd already.
  const auto voters =
      static_cast<size_t>(std::count_if(plane.etcd_members.begin(), plane.etcd_members.end(),
                                        [](const EtcdMember& member) { return !member.learner; }));
  const size_t all = voters == 0 ? machines.size() : voters;
  const auto members =
      static_cast<size_t>(std::count_if(machines.begin(), machines.end(), etcd_ok));
  const bool quorum = !plane.stacked_etcd() || members >= all / 2 + 1;
  if (any && quorum) return {"Available", "True", "Available", ""};
  if (!quorum) {
    return {"Available", "False", "NotAvailable",
            "* " + std::to_string(members) + " of " + std::to_string(all) +
                " etcd members are healthy, at least " + std::to_string(all / 2 + 1) +
                " required for etcd quorum"};
  }
  return {"Available", "False", "NotAvailable",
          "* There are no Machines with healthy control plane components, at least 1 required"};
}

Condition rolling_out(const ControlPlane& plane) {
  const auto outdated = plane.outdated();
  if (outdated.empty()) return {"RollingOut", "False", "NotRollingOut", ""};
  std::map<std::string, int> reasons;
  for (const auto* machine : outdated) ++reasons[machine->outdated_because];
  std::string message =
      "Rolling out " + std::to_string(outdated.size()) + " not up-to-date replicas";
  for (const auto& [reason, machines] : reasons) message += "\n* " + reason;
  return {"RollingOut", "True", "RollingOut", message};
}

void scaling(ControlPlane& plane, bool deleting) {
  const auto current = static_cast<int64_t>(plane.machines.size());
  const int64_t desired = deleting ? 0 : plane.desired_replicas();
  const auto text = [&](const char* direction) {
    return "Scaling " + std::string(direction) + " from " + std::to_string(current) + " to " +
           std::to_string(desired) + " replicas";
  };
  // A step that waits has said why already.
  const auto set = [&](const std::string& type, bool on, const std::string& message) {
    std::string why;
    for (const Condition& condition : plane.reply.conditions()) {
      if (condition.type == type && on) why = "\n" + condition.message;
    }
    plane.reply.condition(
        {type, on ? "True" : "False", on ? type : "Not" + type, on ? message + why : ""});
  };
  set("ScalingUp", current < desired, text("up"));
  set("ScalingDown", current > desired, text("down"));
}

Condition remediating(const ControlPlane& plane) {
  std::map<std::string, std::vector<std::string>> reasons;
  for (const ControlPlaneMachine& machine : plane.machines) {
    if (!waits_for_remediation(machine)) continue;
    const sdk::Json* owner = sdk::condition_of(*machine.machine, "OwnerRemediated");
    reasons[string_at(*owner, "message")].push_back(machine.name());
  }
  if (reasons.empty()) return {"Remediating", "False", "NotRemediating", ""};
  return {"Remediating", "True", "Remediating", summary(reasons)};
}

// The versions that machines have, oldest first.
void versions(ControlPlane& plane) {
  std::map<std::string, int> by_version;
  for (const ControlPlaneMachine& machine : plane.machines) {
    ++by_version[string_at(*machine.machine, "spec/version")];
  }
  std::vector<std::pair<Version, std::pair<std::string, int>>> sorted;
  for (const auto& entry : by_version) {
    const sdk::Expected<Version> version = Version::parse(entry.first);
    sorted.push_back({version.ok() ? *version : Version{}, entry});
  }
  std::sort(sorted.begin(), sorted.end());
  Json list = Json::array();
  for (const auto& [version, entry] : sorted) {
    list.push_back({{"version", entry.first}, {"replicas", entry.second}});
  }
  if (list.empty()) return;
  plane.reply.status("version", list.front()["version"]);
  plane.reply.status("versions", list);
}

void counters(ControlPlane& plane) {
  plane.reply.status("replicas", static_cast<int64_t>(plane.machines.size()));
  plane.reply.status("readyReplicas", count(plane, "Ready"));
  plane.reply.status("availableReplicas", count(plane, "Available"));
  plane.reply.status("upToDateReplicas",
                     static_cast<int64_t>(plane.machines.size() - plane.outdated().size()));
  plane.reply.status("selector", std::string(sdk::kClusterNameLabel) + "=" + plane.cluster_name +
                                     "," + std::string(sdk::kControlPlaneLabel));
}

}  // namespace

void write_status(ControlPlane& plane) {
  const bool deleting = plane.request.deleting();
  counters(plane);
  versions(plane);
  if (plane.initialized) plane.reply.status("initialization/controlPlaneInitialized", true);
  plane.reply.condition(plane.initialized
                            ? Condition{"Initialized", "True", "Initialized", ""}
                            : Condition{"Initialized", "False", "NotInitialized", ""});
  plane.reply.condition(available(plane, deleting));
  plane.reply.condition(components_healthy(plane));
  if (plane.stacked_etcd()) plane.reply.condition(etcd_healthy(plane));
  plane.reply.condition(machines_condition(plane, "MachinesReady", "Ready", "Ready", "NotReady"));
  plane.reply.condition(
      machines_condition(plane, "MachinesUpToDate", "UpToDate", "UpToDate", "NotUpToDate"));
  plane.reply.condition(rolling_out(plane));
  scaling(plane, deleting);
  plane.reply.condition(remediating(plane));
  const Json last = last_remediation(plane);
  if (!last.is_null()) plane.reply.status("lastRemediation", last);
  plane.reply.condition(
      deleting ? Condition{"Deleting", "True", "WaitingForMachineDeletion",
                           std::to_string(plane.machines.size()) + " Machine(s) are still there"}
               : Condition{"Deleting", "False", "NotDeleting", ""});
}

}  // namespace capstan::kubeadm
