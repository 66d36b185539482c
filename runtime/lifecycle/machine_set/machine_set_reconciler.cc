#include "runtime/lifecycle/machine_set/machine_set_reconciler.h"

#include "runtime/lifecycle/common/changes.h"
#include "runtime/lifecycle/common/machine_counts.h"
#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/common/owner_references.h"
#include "runtime/lifecycle/common/pause.h"
#include "runtime/lifecycle/common/wake.h"
#include "runtime/lifecycle/machine_set/deletion_order.h"
#include "runtime/lifecycle/machine_set/machine_set_machines.h"
#include "runtime/lifecycle/machine_set/preflight.h"
#include "runtime/object/selector.h"

namespace capstan::lifecycle {
namespace {

void report(const MachineSetScope& scope, const char* reason, const std::string& message,
            Outcome& outcome) {
  outcome.events.push_back(
      {scope.draft.object().key(), scope.draft.meta().uid, "Normal", reason, message});
}

void own_template(const MachineSetScope& scope, const Linked& linked, Outcome& outcome) {
  if (!linked.exists() || scope.cluster == nullptr) return;
  Draft draft(linked.external->object);
  draft.ensure_owner(owner_reference(*scope.cluster, false));
  draft.finish(outcome);
}

void adopt_machines(const MachineSetScope& scope, Outcome& outcome) {
  for (const ObjectPtr& machine : scope.adoptable) {
    Draft draft(machine);
    draft.ensure_owner(owner_reference(scope.draft.object(), true));
    draft.finish(outcome);
    report(scope, "SuccessfulAdopt", "Adopted Machine \"" + machine->meta().name + "\"", outcome);
  }
}

void remediate(const MachineSetScope& scope, Instant now, Outcome& outcome) {
  for (const ObjectPtr& machine : to_remediate(scope)) {
    Draft draft(machine);
    set_condition(
        draft.view(),
        condition("OwnerRemediated", kFalse, "MachineDeleting", "Machine deletionTimestamp set"),
        now);
    draft.finish(outcome);
    outcome.changes.push_back(removal(*machine));
  }
}

bool waits_to_go(const Outcome& outcome, const Object& machine) {
  for (const Change& change : outcome.changes) {
    if (change.op == Change::Op::kDelete && change.uid == machine.meta().uid) return true;
  }
  return false;
}

void update_status(MachineSetScope& scope, Instant now) {
  Json& status = scope.draft.status();
  const MachineCounts counts = count_machines(scope.machines);
  counts.write_to(status);
  status["observedGeneration"] = scope.draft.meta().generation;
  if (const Json* selector = find(scope.draft.tree(), {"spec", "selector"})) {
    auto parsed = LabelSelector::from_json(*selector);
    if (parsed.ok() && !parsed->matches_everything()) status["selector"] = parsed->text();
  }
  Json& view = scope.draft.view();
  const auto put = [&](Condition condition) { set_condition(view, std::move(condition), now); };
  for (Condition& condition : machine_rollups(scope.machines)) put(std::move(condition));
  put(scaling_up(scope.desired(), counts.replicas, scope.deleting(), scope.preflight));
  put(scaling_down(scope.desired(), counts.replicas, scope.deleting()));
  put(deleting_condition(scope.deleting(), scope.machines, "Machines"));
}

Keys sets_of_template(const StoreEvent& event, const WatchCache& objects) {
  if (event.type != EventType::kAdded || !event.object->kind().ends_with("Template")) return {};
  Keys keys;
  const ObjectKey key = event.object->key();
  for (const ObjectPtr& set : objects.list(kMachineSet, {key.ns, {}}).items) {
    const JsonPtr tree = set->tree();
    const Json* spec = find(*tree, {"spec", "template", "spec"});
    if (spec == nullptr) continue;
    const Json* infrastructure = find(*spec, {"infrastructureRef"});
    const Json* bootstrap = find(*spec, {"bootstrap", "configRef"});
    const bool refers =
        (is_reference(infrastructure) && reference_key(*infrastructure, key.ns) == key) ||
        (is_reference(bootstrap) && reference_key(*bootstrap, key.ns) == key);
    if (refers) keys.push_back(set->key());
  }
  return keys;
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
  MachineSetScope scope =
      TRY(gather_machine_set(std::move(machine_set), deps_.kinds, context.objects));
  Outcome outcome;
  if (set_paused_condition(scope.draft, scope.cluster.get(), context.clock.now())) {
    scope.draft.finish(outcome);
    return outcome;
  }
  if (scope.deleting()) {
    reconcile_delete(scope, outcome);
  } else {
    // By its label a Cluster that comes later finds it.
    scope.draft.set_label(kClusterNameLabel, scope.cluster_name());
    if (scope.cluster != nullptr) reconcile_normal(scope, context, outcome);
  }
  update_status(scope, context.clock.now());
  scope.draft.finish(outcome);
  return outcome;
}

void MachineSetReconciler::reconcile_normal(MachineSetScope& scope, const ReconcileContext& context,
                                            Outcome& outcome) {
  const Instant now = context.clock.now();
  scope.draft.add_finalizer(kMachineSetFinalizer);
  if (scope.draft.meta().controller() == nullptr) {
    scope.draft.ensure_owner(owner_reference(*scope.cluster, false));
    own_template(scope, scope.bootstrap_template, outcome);
    own_template(scope, scope.infrastructure_template, outcome);
  }
  if (!scope.adoptable.empty()) {
    // The next round sees them as its own.
    adopt_machines(scope, outcome);
    return;
  }
  for (const ObjectPtr& object : left_behind(scope, context.objects)) {
    outcome.changes.push_back(removal(*object));
  }
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
    report(scope, "SuccessfulDelete", "Deleted Machine \"" + machine->meta().name + "\"", outcome);
  }
}

void MachineSetReconciler::scale_up(MachineSetScope& scope, const ReconcileContext& context,
                                    Outcome& outcome) {
  if (scope.draft.meta().annotation(kDisableMachineCreate) == "true") return;
  const PreflightInput input{
      scope.draft.tree(), scope.cluster.get(),
      scope.control_plane.exists() ? &*scope.control_plane.external : nullptr,
      scope.bootstrap_template.exists() ? scope.bootstrap_template.external->object.get()
                                        : nullptr};
  // The control plane's change wakes the set, so nothing is queued for later.
  scope.preflight = preflight(input);
  if (!scope.preflight.empty()) return;
  for (auto missing = scope.desired() - static_cast<int64_t>(scope.machines.size()); missing > 0;
       --missing) {
    auto changes = new_machine(scope, context.random);
    if (!changes.ok()) {
      scope.preflight = {changes.error().message};
      outcome.error = std::move(changes).error();
      return;
    }
    report(scope, "SuccessfulCreate", "Created Machine \"" + changes->back().key.name + "\"",
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
