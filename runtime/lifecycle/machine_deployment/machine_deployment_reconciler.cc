#include "runtime/lifecycle/machine_deployment/machine_deployment_reconciler.h"

#include "runtime/lifecycle/common/changes.h"
#include "runtime/lifecycle/common/frame.h"
#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/common/owner_references.h"
#include "runtime/lifecycle/common/wake.h"
#include "runtime/lifecycle/machine_deployment/machine_deployment_sets.h"
#include "runtime/lifecycle/machine_deployment/machine_deployment_status.h"

namespace capstan::lifecycle {
namespace {

RolloutPlan plan(const MachineDeploymentScope& scope, const RolloutInput& input) {
  if (get_bool(scope.draft.tree(), {"spec", "paused"})) return plan_paused(input);
  const std::string type = get_string(scope.draft.tree(), {"spec", "rollout", "strategy", "type"});
  return type == "OnDelete" ? plan_on_delete(input) : plan_rolling_update(input);
}

// The deployment's Machines change its counters; their owner is a set.
Keys deployment_of_machine(const StoreEvent& event, const WatchCache& objects) {
  const OwnerReference* owner = event.object->meta().controller();
  const ObjectPtr set = owner != nullptr ? objects.get_by_uid(owner->uid) : nullptr;
  if (set == nullptr || set->meta().controller() == nullptr) return {};
  return {{kMachineDeployment, set->meta().ns, set->meta().controller()->name}};
}

// The rollout starts by itself when spec.rollout.after has come.
void wake_for_rollout_after(const MachineDeploymentScope& scope, Instant now, Outcome& outcome) {
  const auto after = parse_time(get_string(scope.draft.tree(), {"spec", "rollout", "after"}));
  if (after.ok() && *after > now) requeue_within(outcome.requeue_after, *after - now);
}

}  // namespace

Result<Outcome> MachineDeploymentReconciler::reconcile(const ObjectKey& key,
                                                       const ReconcileContext& context) {
  ObjectPtr deployment = context.objects.get(key);
  if (deployment == nullptr) return Outcome{};
  const Instant now = context.clock.now();
  MachineDeploymentScope scope =
      gather_machine_deployment(std::move(deployment), deps_.kinds, context.objects, now);
  return reconcile_in_frame(
      scope.draft, scope.cluster.get(), now,
      {.normal = [&](Outcome& outcome) { reconcile_normal(scope, context, outcome); },
       .remove = [&](Outcome& outcome) { reconcile_delete(scope, outcome); },
       .status = [&] { update_machine_deployment_status(scope, now); }});
}

void MachineDeploymentReconciler::reconcile_normal(MachineDeploymentScope& scope,
                                                   const ReconcileContext& context,
                                                   Outcome& outcome) {
  scope.draft.add_finalizer(kMachineDeploymentFinalizer);
  scope.draft.ensure_owner(owner_reference(*scope.cluster, false));
  own_template(scope.bootstrap_template, *scope.cluster, outcome);
  own_template(scope.infrastructure_template, *scope.cluster, outcome);
  roll_out(scope, context, outcome);
  wake_for_rollout_after(scope, context.clock.now(), outcome);
}

void MachineDeploymentReconciler::roll_out(MachineDeploymentScope& scope,
                                           const ReconcileContext& context, Outcome& outcome) {
  const bool paused = get_bool(scope.draft.tree(), {"spec", "paused"});
  const bool on_delete =
      get_string(scope.draft.tree(), {"spec", "rollout", "strategy", "type"}) == "OnDelete";
  const RolloutInput input = scope.rollout();
  const RolloutPlan wanted = plan(scope, input);
  if (scope.current != nullptr) {
    update_current(scope, wanted.current, outcome);
  } else if (!paused) {
    outcome.changes.push_back(new_machine_set(scope, wanted.current, context.random));
    report(scope.draft, "SuccessfulCreate",
           "Created MachineSet \"" + outcome.changes.back().key.name + "\"", outcome);
  }
  if (!paused) scope.draft.set_annotation(kRevision, current_revision(scope));
  const bool complete = scope.current != nullptr && rollout_complete(input);
  for (size_t i = 0; i < scope.old.size(); ++i) {
    const ObjectPtr& set = scope.old[i];
    if (set->meta().deleting()) continue;
    if (complete) {
      outcome.changes.push_back(removal(*set));
      continue;
    }
    if (wanted.old[i] != input.old[i].spec) {
      report(
          scope.draft, "SuccessfulScale",
          "Scaled down MachineSet \"" + set->meta().name + "\" to " + std::to_string(wanted.old[i]),
          outcome);
    }
    update_old(scope, set, wanted.old[i], on_delete, outcome);
  }
}

void MachineDeploymentReconciler::reconcile_delete(MachineDeploymentScope& scope,
                                                   Outcome& outcome) {
  const Objects sets = scope.sets();
  for (const ObjectPtr& set : sets) {
    if (!set->meta().deleting()) outcome.changes.push_back(removal(*set));
  }
  if (sets.empty()) scope.draft.remove_finalizer(kMachineDeploymentFinalizer);
}

std::vector<WatchRule> machine_deployment_watches() {
  return {
      {kMachineDeployment, {}},
      {kMachineSet, [](const StoreEvent& event,
                       const WatchCache&) { return wake_controller(kMachineDeployment, event); }},
      {kMachine, deployment_of_machine},
      {kCluster, [](const StoreEvent& event, const WatchCache& objects) {
         return wake_of_cluster(kMachineDeployment, event, objects);
       }}};
}

}  // namespace capstan::lifecycle
