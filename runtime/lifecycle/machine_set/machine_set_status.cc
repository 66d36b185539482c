#include "runtime/lifecycle/machine_set/machine_set_status.h"

#include <algorithm>

#include "runtime/base/text.h"
#include "runtime/lifecycle/common/frame.h"
#include "runtime/lifecycle/common/machine_counts.h"

namespace capstan::lifecycle {
namespace {

bool has_labels(const Object& machine, const Json* labels) {
  if (labels == nullptr) return true;
  return std::all_of(labels->items().begin(), labels->items().end(), [&](const auto& label) {
    const auto found = machine.meta().labels.find(label.key());
    return found != machine.meta().labels.end() && label.value() == found->second;
  });
}

std::vector<OldSource> old_sources(const Objects& machines) {
  std::vector<OldSource> sources;
  for (const ObjectPtr& machine : machines) {
    auto ready = get_old_condition(*machine->tree(), "Ready");
    if (ready) sources.push_back({"Machine/" + machine->meta().name, *std::move(ready)});
  }
  return sources;
}

// How many there are is told while it changes, and then once those that there are have a Node.
void update_resized(const MachineSetScope& scope, const MachineCounts& counts, Json& view,
                    Instant now) {
  const auto resizing = [&](const char* reason, const char* direction) {
    set_old_condition(
        view,
        {"Resized", "False", "Warning", reason,
         std::string("Scaling ") + direction + " MachineSet to " + std::to_string(scope.desired()) +
             " replicas (actual " + std::to_string(counts.replicas) + ")"},
        now);
  };
  const OldCondition created{"MachinesCreated", "True"};
  if (counts.replicas < scope.desired()) {
    resizing("ScalingUp", "up");
    if (!scope.preflight.empty()) {
      set_old_condition(view,
                        {"MachinesCreated", "False", "Error", "PreflightCheckFailed",
                         join(scope.preflight, "; ")},
                        now);
    }
    return;
  }
  set_old_condition(view, created, now);
  if (counts.replicas > scope.desired()) {
    resizing("ScalingDown", "down");
  } else if (counts.nodes_ready == counts.replicas) {
    set_old_condition(view, {"Resized", "True"}, now);
  }
}

void update_old_status(const MachineSetScope& scope, const MachineCounts& counts, Json& view,
                       Instant now) {
  const Json* labels = find(scope.machine_template(), {"metadata", "labels"});
  Json& old = make(view, {"status", "deprecated", "v1beta1"});
  old["fullyLabeledReplicas"] =
      std::count_if(scope.machines.begin(), scope.machines.end(),
                    [&](const ObjectPtr& machine) { return has_labels(*machine, labels); });
  old["readyReplicas"] = counts.nodes_ready;
  old["availableReplicas"] = counts.available;
  update_resized(scope, counts, view, now);
  aggregate_old_conditions(view, "MachinesReady", old_sources(scope.machines),
                           scope.machines.size(), now);
  summarize_old_conditions(view, {{"MachinesCreated", "Resized", "MachinesReady"}}, now);
}

}  // namespace

void update_machine_set_status(MachineSetScope& scope, Instant now) {
  Json& status = scope.draft.status();
  const MachineCounts counts = count_machines(scope.machines);
  counts.write_to(status);
  status["observedGeneration"] = scope.draft.meta().generation;
  write_selector(scope.draft);
  Json& view = scope.draft.view();
  const auto put = [&](Condition condition) { set_condition(view, std::move(condition), now); };
  for (Condition& condition : machine_rollups(scope.machines)) put(std::move(condition));
  put(scaling_up(scope.desired(), counts.replicas, scope.deleting(), scope.preflight));
  put(scaling_down(scope.desired(), counts.replicas, scope.deleting()));
  put(deleting_condition(scope.deleting(), scope.machines, "Machines"));
  update_old_status(scope, counts, view, now);
}

}  // namespace capstan::lifecycle
