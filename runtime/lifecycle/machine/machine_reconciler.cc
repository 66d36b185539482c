#include "runtime/lifecycle/machine/machine_reconciler.h"

#include "runtime/base/text.h"
#include "runtime/lifecycle/common/changes.h"
#include "runtime/lifecycle/common/frame.h"
#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/common/owner_references.h"
#include "runtime/lifecycle/common/rollup.h"
#include "runtime/lifecycle/common/wake.h"
#include "runtime/lifecycle/common/workload_api.h"
#include "runtime/lifecycle/machine/machine_deletion.h"
#include "runtime/lifecycle/machine/machine_status.h"
#include "runtime/lifecycle/machine/node_sync.h"

namespace capstan::lifecycle {
namespace {

constexpr Duration kConnectAgain = std::chrono::seconds(5);
constexpr Duration kDrainAgain = std::chrono::seconds(20);
constexpr Duration kDeleteNodeAgain = std::chrono::seconds(2);

// Of what a set, a pool or a control plane made, the label is there before the owner reference.
// That a Machine is one of a control plane says nothing of who made it.
bool stands_alone(const Metadata& meta) {
  return meta.controller() == nullptr && !meta.labels.contains(kSetNameLabel) &&
         !meta.labels.contains(kPoolNameLabel) && !meta.labels.contains(kControlPlaneNameLabel);
}

// Takes over what was made for the Machine before the Machine itself.
void adopt(const MachineScope& scope, const Linked& linked, Outcome& outcome) {
  if (!linked.exists() || linked.deleting()) return;
  Draft draft(linked.external->object);
  draft.drop_owners(kMachineSet);
  if (const Json* ref = find(*scope.cluster_tree, {"spec", "controlPlaneRef"})) {
    if (is_reference(ref)) draft.drop_owners(reference_key(*ref, "").kind);
  }
  draft.ensure_owner(owner_reference(scope.draft.object(), true));
  draft.set_label(kClusterNameLabel, scope.cluster_name());
  draft.finish(outcome);
}

void copy_to_spec(MachineScope& scope) {
  if (scope.bootstrap.exists() && data_secret_created(*scope.bootstrap.external)) {
    const std::string name = data_secret_name(*scope.bootstrap.external);
    if (!name.empty()) scope.draft.set({"spec", "bootstrap", "dataSecretName"}, name);
  }
  if (!scope.infrastructure.exists() || !provisioned(*scope.infrastructure.external)) return;
  const External& infra = *scope.infrastructure.external;
  const std::string id = provider_id(infra);
  if (!id.empty()) scope.draft.set({"spec", "providerID"}, id);
  // The older contract has it in spec, and the Machine's own spec follows.
  const std::string domain = failure_domain(infra);
  if (infra.contract == Contract::kV1Beta1 && !domain.empty()) {
    scope.draft.set({"spec", "failureDomain"}, domain);
  }
}

void note_start(MachineScope& scope, const char* step, Instant now) {
  Json& time = make(scope.draft.status(), {"deletion", step});
  if (!time.is_string()) time = format_time(now);
}

DeletionState wait_for_hooks(MachineScope& scope, const char* prefix, const char* step,
                             const char* reason, Instant now) {
  const auto hooks = deletion_hooks(scope.draft.meta(), prefix);
  if (hooks.empty()) return {};
  note_start(scope, step, now);
  return {reason, "Waiting for hooks to be removed: " + join(hooks, ", ")};
}

// Deletes what the reference stands for; reason "" once it is gone.
DeletionState remove_linked(const Linked& linked, const char* reason, Outcome& outcome) {
  if (linked.error) {
    outcome.error = linked.error;
    return {reason, linked.error->message};
  }
  if (!linked.exists()) return {};
  if (!linked.deleting()) outcome.changes.push_back(removal(*linked.external->object));
  return {reason, "* " + linked.kind() + ": " + linked.external->key.name};
}

}  // namespace

Result<Outcome> MachineReconciler::reconcile(const ObjectKey& key,
                                             const ReconcileContext& context) {
  ObjectPtr machine = context.objects.get(key);
  if (machine == nullptr) return Outcome{};
  MachineScope scope = gather_machine(std::move(machine), deps_.kinds, context.objects);
  return reconcile_in_frame(
      scope.draft, scope.cluster.get(), context.clock.now(),
      {.normal = [&](Outcome& outcome) { reconcile_normal(scope, context, outcome); },
       .remove = [&](Outcome& outcome) { reconcile_delete(scope, context, outcome); },
       .status = {}});
}

void MachineReconciler::reconcile_normal(MachineScope& scope, const ReconcileContext& context,
                                         Outcome& outcome) {
  scope.draft.add_finalizer(kMachineFinalizer);
  if (stands_alone(scope.draft.meta())) {
    scope.draft.ensure_owner(owner_reference(*scope.cluster, false));
  }
  adopt(scope, scope.bootstrap, outcome);
  adopt(scope, scope.infrastructure, outcome);
  copy_to_spec(scope);
  if (scope.cluster_infrastructure_provisioned() && !scope.provider_id().empty()) {
    look_up_node(scope, outcome);
    sync_node(scope, outcome);
  }
  const auto again = update_machine_status(scope, {}, context.clock.now());
  if (again) requeue_within(outcome.requeue_after, *again);
  // A kind that is not installed yet is not seen by a watch, so it is tried again.
  if (scope.bootstrap.error) outcome.error = scope.bootstrap.error;
  if (scope.infrastructure.error) outcome.error = scope.infrastructure.error;
}

void MachineReconciler::look_up_node(MachineScope& scope, Outcome& outcome) {
  scope.node.tried = true;
  auto nodes = deps_.workload.nodes({scope.draft.meta().ns, scope.cluster_name()});
  if (!nodes.ok()) {
    // Without a kubeconfig there is nothing to try: its Secret wakes the Machine.
    if (nodes.code() == Code::kFailedPrecondition) return;
    scope.node.error = std::move(nodes).error();
    requeue_within(outcome.requeue_after, kConnectAgain);
    return;
  }
  const Json* found = find_node(*nodes, scope.provider_id());
  for (const auto& node : *nodes) {
    if (node.get() == found) scope.node.node = node;
  }
}

void MachineReconciler::sync_node(MachineScope& scope, Outcome& outcome) {
  if (scope.node.node == nullptr) return;
  const bool interruptible =
      scope.infrastructure.exists() &&
      get_bool(*scope.infrastructure.external->tree, {"status", "interruptible"});
  const Json patch =
      node_patch(scope.draft.object(), scope.cluster_name(), interruptible, *scope.node.node);
  if (find(scope.draft.tree(), {"status", "nodeRef"}) == nullptr) {
    report(scope.draft, "SuccessfulSetNodeRef", "Node is " + scope.node_name(), outcome);
  }
  if (patch.empty()) return;
  WorkloadRequest request;
  request.method = "PATCH";
  request.path = "/api/v1/nodes/" + scope.node_name();
  request.content_type = "application/merge-patch+json";
  request.body = dump_json(patch);
  auto answer =
      call_workload(deps_.workload, {scope.draft.meta().ns, scope.cluster_name()}, request);
  if (!answer.ok()) outcome.error = std::move(answer).error();
}

void MachineReconciler::reconcile_delete(MachineScope& scope, const ReconcileContext& context,
                                         Outcome& outcome) {
  DeletionState state = take_down(scope, context, outcome);
  if (state.reason.empty()) {
    scope.draft.remove_finalizer(kMachineFinalizer);
    state = {"DeletionCompleted", "Deletion completed"};
  }
  // The time of failures counts from the first one that is told.
  if (state.interrupted) return;
  update_machine_status(scope, state, context.clock.now());
}

DeletionState MachineReconciler::take_down(MachineScope& scope, const ReconcileContext& context,
                                           Outcome& outcome) {
  const Instant now = context.clock.now();
  const bool cluster_goes = scope.cluster == nullptr || scope.cluster->meta().deleting();
  if (!cluster_goes && !scope.provider_id().empty()) look_up_node(scope, outcome);
  const bool with_node = node_deletion_allowed(scope, deps_.kinds, context.objects);
  if (with_node) {
    DeletionState state = empty_node(scope, context, outcome);
    if (!state.reason.empty()) return state;
  }
  DeletionState state =
      wait_for_hooks(scope, kPreTerminateHookPrefix, "waitForPreTerminateHookStartTime",
                     "WaitingForPreTerminateHook", now);
  if (!state.reason.empty()) return state;
  state = remove_linked(scope.infrastructure, "WaitingForInfrastructureDeletion", outcome);
  if (!state.reason.empty()) return state;
  state = remove_linked(scope.bootstrap, "WaitingForBootstrapDeletion", outcome);
  if (!state.reason.empty()) return state;
  return with_node ? delete_node(scope, context, outcome) : DeletionState{};
}

DeletionState MachineReconciler::empty_node(MachineScope& scope, const ReconcileContext& context,
                                            Outcome& outcome) {
  const Instant now = context.clock.now();
  const Metadata& meta = scope.draft.meta();
  DeletionState hooks = wait_for_hooks(scope, kPreDrainHookPrefix, "waitForPreDrainHookStartTime",
                                       "WaitingForPreDrainHook", now);
  if (!hooks.reason.empty()) return hooks;

  auto rules = drain_rules(context.objects.list(kMachineDrainRule, {meta.ns, {}}).items,
                           meta.labels, scope.cluster->meta().labels);
  if (!rules.ok()) {
    outcome.error = rules.error();
    return {"DrainingNode", rules.error().message};
  }
  Drainer drainer(deps_.workload, context.clock);
  const DrainRequest request{
      {meta.ns, scope.cluster_name()}, scope.node_name(), scope.node.node.get(), *rules};
  const auto wait = [&](Result<DrainProgress> progress, const char* reason) -> DeletionState {
    // Without a kubeconfig nobody can be asked, now or later.
    if (progress.code() == Code::kFailedPrecondition) return {};
    if (progress.ok() && progress->done) return {};
    requeue_within(outcome.requeue_after, kDrainAgain);
    return {reason, progress.ok() ? progress->message : progress.error().message,
            progress.code() == Code::kCancelled};
  };
  if (drain_wanted(scope, now)) {
    note_start(scope, "nodeDrainStartTime", now);
    DeletionState state = wait(drainer.drain(request), "DrainingNode");
    if (!state.reason.empty()) return state;
  }
  if (volume_wait_wanted(scope, now)) {
    note_start(scope, "waitForNodeVolumeDetachStartTime", now);
    return wait(drainer.wait_for_volumes(request), "WaitingForVolumeDetach");
  }
  return {};
}

DeletionState MachineReconciler::delete_node(MachineScope& scope, const ReconcileContext& context,
                                             Outcome& outcome) {
  const Metadata& meta = scope.draft.meta();
  Drainer drainer(deps_.workload, context.clock);
  auto deleted = drainer.delete_node({meta.ns, scope.cluster_name()}, scope.node_name());
  if (deleted.ok() || deleted.code() == Code::kFailedPrecondition) return {};
  // An interrupted request says nothing of the Node: whoever comes next goes on.
  const bool interrupted = deleted.code() == Code::kCancelled;
  if (!interrupted && node_deletion_over(scope.draft.tree(), context.clock.now())) {
    report(scope.draft, "FailedDeleteNode", deleted.error().message, outcome, "Warning");
    return {};
  }
  requeue_within(outcome.requeue_after, kDeleteNodeAgain);
  return {kDeletingNode, deleted.error().message, interrupted};
}

std::vector<WatchRule> machine_watches() {
  return {{kMachine, {}},
          {kCluster,
           [](const StoreEvent& event, const WatchCache& objects) {
             return wake_of_cluster(kMachine, event, objects);
           }},
          {kSecret, wake_machines_of_kubeconfig},
          {kAnyKind, wake_machines_that_refer}};
}

}  // namespace capstan::lifecycle
