#include "runtime/lifecycle/machine_deployment/machine_deployment_status.h"

#include <set>

#include "runtime/base/text.h"
#include "runtime/lifecycle/common/frame.h"
#include "runtime/lifecycle/common/machine_counts.h"
#include "runtime/object/old_conditions.h"

namespace capstan::lifecycle {
namespace {

Condition available(const MachineDeploymentScope& scope, int64_t count) {
  const RolloutInput input = scope.rollout();
  const int64_t needed = input.desired - input.max_unavailable;
  if (count >= needed) return condition("Available", kTrue, "Available");
  std::string message = std::to_string(count) + " available replicas, at least " +
                        std::to_string(needed) + " required (maxUnavailable is " +
                        std::to_string(input.max_unavailable) + ", spec.replicas is " +
                        std::to_string(input.desired) + ")";
  if (scope.deleting()) message = "Deletion in progress";
  return condition("Available", kFalse, "NotAvailable", std::move(message));
}

Condition rolling_out(const Objects& machines) {
  int64_t outdated = 0;
  std::set<std::string> reasons;
  for (const ObjectPtr& machine : machines) {
    const auto current = get_condition(*machine->tree(), "UpToDate");
    if (!current || current->status != kFalse) continue;
    ++outdated;
    if (!current->message.empty()) reasons.insert(current->message);
  }
  if (outdated == 0) return condition("RollingOut", kFalse, "NotRollingOut");
  std::string message = "Rolling out " + std::to_string(outdated) + " not up-to-date replicas";
  for (const std::string& reason : reasons) message += "\n" + reason;
  return condition("RollingOut", kTrue, "RollingOut", std::move(message));
}

// Why its MachineSets make no Machines.
std::vector<std::string> blocked_because(const Objects& sets) {
  std::vector<std::string> reasons;
  for (const ObjectPtr& set : sets) {
    const auto scaling = get_condition(*set->tree(), "ScalingUp");
    if (!scaling || scaling->status != kTrue) continue;
    const std::vector<std::string> lines = split(scaling->message, '\n');
    for (size_t i = 1; i < lines.size(); ++i) {
      reasons.push_back(lines[i].starts_with("* ") ? lines[i].substr(2) : lines[i]);
    }
  }
  return reasons;
}

// Available, and the Ready of the present MachineSet as v1beta1 has it.
void update_old_conditions(const MachineDeploymentScope& scope, int64_t available, Json& view,
                           Instant now) {
  const RolloutInput input = scope.rollout();
  const int64_t needed = input.desired - input.max_unavailable;
  OldCondition enough{"Available", "True"};
  if (available < needed) {
    enough = {"Available", "False", "Warning", "WaitingForAvailableMachines",
              "Minimum availability requires " + std::to_string(needed) + " replicas, current " +
                  std::to_string(available) + " available"};
  }
  set_old_condition(view, enough, now);
  std::optional<OldCondition> set;
  if (scope.current != nullptr) set = get_old_condition(*scope.current->tree(), "Ready");
  if (!set) set = OldCondition{"", "False", "Info", "WaitingForMachineSet"};
  set->type = "MachineSetReady";
  set_old_condition(view, *set, now);
  summarize_old_conditions(view, {{"Available"}}, now);
}

void update_old_counters(const MachineDeploymentScope& scope, const MachineCounts& counts,
                         Json& view) {
  Json& old = make(view, {"status", "deprecated", "v1beta1"});
  old["updatedReplicas"] =
      scope.current == nullptr ? 0 : get_int(*scope.current->tree(), {"status", "replicas"});
  old["readyReplicas"] = counts.nodes_ready;
  old["availableReplicas"] = counts.available;
  old["unavailableReplicas"] = counts.replicas - counts.available;
}

}  // namespace

std::string machine_deployment_phase(int64_t desired, int64_t replicas, int64_t ready) {
  if (replicas > desired) return "ScalingDown";
  if (replicas < desired || ready < desired) return "ScalingUp";
  return "Running";
}

void update_machine_deployment_status(MachineDeploymentScope& scope, Instant now) {
  Json& status = scope.draft.status();
  const MachineCounts counts = count_machines(scope.machines);
  counts.write_to(status);
  status["phase"] = machine_deployment_phase(scope.desired(), counts.replicas, counts.ready);
  status["observedGeneration"] = scope.draft.meta().generation;
  write_selector(scope.draft);
  Json& view = scope.draft.view();
  const auto put = [&](Condition condition) { set_condition(view, std::move(condition), now); };
  put(available(scope, counts.available));
  put(rolling_out(scope.machines));
  for (Condition& condition : machine_rollups(scope.machines)) put(std::move(condition));
  put(scaling_up(scope.desired(), counts.replicas, scope.deleting(),
                 blocked_because(scope.sets())));
  put(scaling_down(scope.desired(), counts.replicas, scope.deleting()));
  put(deleting_condition(scope.deleting(), scope.sets(), "MachineSets"));
  update_old_counters(scope, counts, view);
  update_old_conditions(scope, counts.available, view, now);
}

}  // namespace capstan::lifecycle
