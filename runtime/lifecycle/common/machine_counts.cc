#include "runtime/lifecycle/common/machine_counts.h"

#include <algorithm>
#include <map>

#include "runtime/lifecycle/common/version.h"

namespace capstan::lifecycle {
namespace {

// What runs, not what is wished for: a Machine's Node says it, or the Machine itself before.
std::string version_of(const Json& machine) {
  return get_string(machine, {"status", "nodeInfo", "kubeletVersion"},
                    get_string(machine, {"spec", "version"}));
}

std::string from_to(int64_t from, int64_t to) {
  return "from " + std::to_string(from) + " to " + std::to_string(to) + " replicas";
}

}  // namespace

MachineCounts count_machines(const Objects& machines) {
  MachineCounts counts;
  std::map<std::string, int64_t> versions;
  for (const ObjectPtr& machine : machines) {
    const JsonPtr tree = machine->tree();
    ++counts.replicas;
    counts.ready += is_condition_true(*tree, "Ready");
    counts.available += is_condition_true(*tree, "Available");
    counts.up_to_date += is_condition_true(*tree, "UpToDate");
    counts.nodes_ready += is_condition_true(*tree, "NodeReady");
    const std::string version = version_of(*tree);
    if (!version.empty()) ++versions[version];
  }
  if (versions.empty()) return counts;
  std::vector<std::pair<std::string, int64_t>> sorted(versions.begin(), versions.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const auto& a, const auto& b) { return compare_versions(a.first, b.first) < 0; });
  counts.versions = Json::array();
  for (const auto& [version, replicas] : sorted) {
    counts.versions.push_back({{"version", version}, {"replicas", replicas}});
  }
  return counts;
}

void MachineCounts::write_to(Json& status) const {
  status["replicas"] = replicas;
  status["readyReplicas"] = ready;
  status["availableReplicas"] = available;
  status["upToDateReplicas"] = up_to_date;
  if (versions.is_array()) {
    status["versions"] = versions;
  } else {
    status.erase("versions");
  }
}

std::vector<Condition> machine_rollups(const Objects& machines) {
  RollupOptions ready{
      {.reasons = positive_reasons("Ready")}, false, condition("", kTrue, "NoReplicas")};
  RollupOptions current{
      {.reasons = positive_reasons("UpToDate")}, true, condition("", kTrue, "NoReplicas")};
  Objects remediated;
  for (const ObjectPtr& machine : machines) {
    if (is_condition_false(*machine->tree(), "OwnerRemediated")) remediated.push_back(machine);
  }
  return {roll_up(machines, "Ready", "MachinesReady", ready),
          roll_up(machines, "UpToDate", "MachinesUpToDate", current),
          remediated.empty() ? condition("Remediating", kFalse, "NotRemediating")
                             : condition("Remediating", kTrue, "Remediating",
                                         "* Machines: " + list_names(remediated))};
}

Condition scaling_up(int64_t desired, int64_t actual, bool deleting,
                     const std::vector<std::string>& blocked) {
  if (deleting || actual >= desired) return condition("ScalingUp", kFalse, "NotScalingUp");
  std::string message = "Scaling up " + from_to(actual, desired);
  if (!blocked.empty()) {
    message += " is blocked because:";
    for (const std::string& reason : blocked) message += "\n* " + reason;
  }
  return condition("ScalingUp", kTrue, "ScalingUp", std::move(message));
}

Condition scaling_down(int64_t desired, int64_t actual, bool deleting) {
  const int64_t target = deleting ? 0 : desired;
  if (actual <= target) return condition("ScalingDown", kFalse, "NotScalingDown");
  return condition("ScalingDown", kTrue, "ScalingDown", "Scaling down " + from_to(actual, target));
}

Condition deleting_condition(bool deleting, const Objects& left, const char* what) {
  if (!deleting) return condition("Deleting", kFalse, "NotDeleting");
  if (left.empty()) {
    return condition("Deleting", kTrue, "DeletionCompleted", "Deletion completed");
  }
  return condition("Deleting", kTrue, "Deleting",
                   "* " + std::string(what) + ": " + list_names(left));
}

}  // namespace capstan::lifecycle
