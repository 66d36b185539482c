#include "runtime/lifecycle/machine_set/machine_set_reconciler.h"

#include "runtime/base/text.h"
#include "runtime/lifecycle/common/changes.h"
#include "runtime/lifecycle/common/frame.h"
#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/common/owner_references.h"
#include "runtime/lifecycle/common/wake.h"
#include "runtime/lifecycle/machine_set/deletion_order.h"
#include "runtime/lifecycle/machine_set/machine_set_machines.h"
#include "runtime/lifecycle/machine_set/machine_set_status.h"
#include "runtime/lifecycle/machine_set/preflight.h"

namespace capstan::lifecycle {
namespace {

std::vector<std::string> failed_checks(const MachineSetScope& scope) {
  return preflight({scope.draft.tree(), scope.cluster.get(),
                    scope.control_plane.exists() ? &*scope.control_plane.external : nullptr,
                    scope.bootstrap_template.exists()
                        ? scope.bootstrap_template.external->object.get()
                        : nullptr});
}

void adopt_machines(const MachineSetScope& scope, Outcome& outcome) {
  for (const ObjectPtr& machine : scope.adoptable) {
    Draft draft(machine);
    draft.ensure_owner(owner_reference(scope.draft.object(), true));
    draft.finish(outcome);
    report(scope.draft, "SuccessfulAdopt", "Adopted Machine \"" + machine->meta().name + "\"",
           outcome);
  }
}

// A Machine that has become healthy again before it was replaced is kept.
void forget_recovered(const MachineSetScope& scope, Outcome& outcome) {
  for (const ObjectPtr& machine : scope.machines) {
    const JsonPtr tree = machine->tree();
    if (machine->meta().deleting() || !is_condition_true(*tree, "HealthCheckSucceeded") ||
        !is_condition_false(*tree, "OwnerRemediated")) {
      continue;
    }
    Draft draft(machine);
    remove_condition(draft.view(), "OwnerRemediated");
    draft.finish(outcome);
  }
}

// What could not be replaced now is not taken down: it may still serve.
void remediate(MachineSetScope& scope, Instant now, Outcome& outcome) {
  const Objects unhealthy = to_remediate(scope);
  const auto failed = unhealthy.empty() ? std::vector<std::string>() : failed_checks(scope);
  for (const ObjectPtr& machine : unhealthy) {
    Draft draft(machine);
    set_condition(draft.view(),
                  failed.empty() ? condition("OwnerRemediated", kFalse, "MachineDeleting",
                                             "Machine deletionTimestamp set")
                                 : condition("OwnerRemediated", kFalse, "RemediationDeferred",
                                             "* " + join(failed, "\n* ")),
                  now);
    draft.finish(outcome);
    if (failed.empty()) outcome.changes.push_back(removal(*machine));
  }
}

bool waits_to_go(const Outcome& outcome, const Object& machine) {
  for (const Change& change : outcome.changes) {
    if (change.op == Change::Op::kDelete && change.uid == machine.meta().uid) return true;
  }
  return false;
}

Keys sets_of_template(const StoreEvent& event, const WatchCache& objects) {
  if (event.type != EventType::kAdded) return {};
  return wake_referring(kMachineSet, event, objects);
}

// New, orphaned or relabelled Machines may be adopted.
Keys sets_of_machine(const StoreEvent& event, const WatchCache& objects) {
  Keys keys = wake_controller(kMachineSet, event);
  const Metadata& meta = event.object->meta();
  if (meta.controller() != nullptr || event.type == EventType::kDeleted) return keys;
  for (const ObjectKey& key :
       keys_of_cluster(kMachineSet, meta.ns, meta.label(kClusterNameLabel), objects)) {
    keys.push_back(key);
  }
  return keys;
}

}  // namespace

Result<Outcome> MachineSetReconciler::reconcile(const ObjectKey& key,
                                                const ReconcileContext& context) {
  ObjectPtr machine_set = context.objects.get(key);
  if (machine_set == nullptr) return Outcome{};
  const Instant now = context.clock.now();
  MachineSetScope scope =
      TRY(gather_machine_set(std::move(machine_set), deps_.kinds, context.objects));
  return reconcile_in_frame(
      scope.draft, scope.cluster.get(), now,
      {.normal = [&](Outcome& outcome) { reconcile_normal(scope, context, outcome); },
       .remove = [&](Outcome& outcome) { reconcile_delete(scope, outcome); },
       .status = [&] { update_machine_set_status(scope, now); }});
}

void MachineSetReconciler::reconcile_normal(MachineSetScope& scope, const ReconcileContext& context,
                                            Outcome& outcome) {
  const Instant now = context.clock.now();
  scope.draft.add_finalizer(kMachineSetFinalizer);
  if (scope.draft.meta().controller() == nullptr) {
    scope.draft.ensure_owner(owner_reference(*scope.cluster, false));
    own_template(scope.bootstrap_template, *scope.cluster, outcome);
    own_template(scope.infrastructure_template, *scope.cluster, outcome);
  }
  if (!scope.adoptable.empty()) {
    // The next round sees them as its own.
    adopt_machines(scope, outcome);
    return;
  }
  for (const ObjectPtr& object : left_behind(scope, context.objects)) {
    outcome.changes.push_back(removal(*object));
  }
  forget_recovered(scope, outcome);
  remediate(scope, now, outcome);
  for (const ObjectPtr& machine : scope.machines) {
    const bool going = waits_to_go(outcome, *machine);
    if (!going) sync_machine(scope, machine, context.objects, now, outcome);
  }
  scale(scope, context, outcome);
}

void MachineSetReconciler::scale(MachineSetScope& scope, const ReconcileContext& context,
                                 Outcome& outcome) {
  const auto actual = static_cast<int64_t>(scope.machines.size());
  if (actual < scope.desired()) {
    scale_up(scope, context, outcome);
    return;
  }
  int64_t surplus = actual - scope.desired();
  if (surplus == 0) return;
  const std::string order = get_string(scope.draft.tree(), {"spec", "deletion", "order"});
  for (const ObjectPtr& machine : sort_for_deletion(scope.machines, order, context.clock.now())) {
    if (surplus-- == 0) break;
    if (machine->meta().deleting() || waits_to_go(outcome, *machine)) continue;
    outcome.changes.push_back(removal(*machine));
    report(scope.draft, "SuccessfulDelete", "Deleted Machine \"" + machine->meta().name + "\"",
           outcome);
  }
}

void MachineSetReconciler::scale_up(MachineSetScope& scope, const ReconcileContext& context,
                                    Outcome& outcome) {
  if (scope.draft.meta().annotation(kDisableMachineCreate) == "true") return;
  // The control plane's change wakes the set, so nothing is queued for later.
  scope.preflight = failed_checks(scope);
  if (!scope.preflight.empty()) return;
  for (auto missing = scope.desired() - static_cast<int64_t>(scope.machines.size()); missing > 0;
       --missing) {
    auto changes = new_machine(scope, context.random);
    if (!changes.ok()) {
      scope.preflight = {changes.error().message};
      outcome.error = std::move(changes).error();
      return;
    }
    report(scope.draft, "SuccessfulCreate", "Created Machine \"" + changes->back().key.name + "\"",
           outcome);
    for (Change& change : *changes) outcome.changes.push_back(std::move(change));
  }
}

void MachineSetReconciler::reconcile_delete(MachineSetScope& scope, Outcome& outcome) {
  for (const ObjectPtr& machine : scope.machines) {
    if (!machine->meta().deleting()) outcome.changes.push_back(removal(*machine));
  }
  if (scope.machines.empty()) scope.draft.remove_finalizer(kMachineSetFinalizer);
}

std::vector<WatchRule> machine_set_watches() {
  return {{kMachineSet, {}},
          {kMachine, sets_of_machine},
          {kMachineDeployment,
           [](const StoreEvent& event, const WatchCache& objects) {
             Keys keys;
             // Only a new template or revision changes what is up to date.
             if (event.previous != nullptr &&
                 event.previous->meta().generation == event.object->meta().generation &&
                 event.previous->meta().annotation(kRevision) ==
                     event.object->meta().annotation(kRevision)) {
               return keys;
             }
             for (const ObjectPtr& owned : objects.owned_by(event.object->meta().uid)) {
               if (owned->key().kind == kMachineSet) keys.push_back(owned->key());
             }
             return keys;
           }},
          {kCluster,
           [](const StoreEvent& event, const WatchCache& objects) {
             return wake_of_cluster(kMachineSet, event, objects);
           }},
          {kAnyKind, [](const StoreEvent& event, const WatchCache& objects) {
             Keys keys = wake_of_control_plane(kMachineSet, event, objects);
             for (ObjectKey& key : sets_of_template(event, objects)) keys.push_back(key);
             return keys;
           }}};
}

}  // namespace capstan::lifecycle
