#include "runtime/lifecycle/cluster/cluster_reconciler.h"

#include "runtime/lifecycle/cluster/cluster_kubeconfig.h"
#include "runtime/lifecycle/cluster/cluster_status.h"
#include "runtime/lifecycle/common/changes.h"
#include "runtime/lifecycle/common/frame.h"
#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/common/owner_references.h"
#include "runtime/lifecycle/common/pause.h"
#include "runtime/lifecycle/common/wake.h"

namespace capstan::lifecycle {
namespace {

constexpr Duration kProbeAgain = std::chrono::seconds(10);

// Makes the Cluster an owner of what it refers to: the controller only where a topology made it.
void adopt(const ClusterScope& scope, const Linked& linked, Outcome& outcome) {
  if (!linked.exists() || linked.external->deleting()) return;
  Draft draft(linked.external->object);
  draft.ensure_owner(owner_reference(scope.draft.object(), scope.topology));
  draft.set_label(kClusterNameLabel, scope.draft.meta().name);
  draft.finish(outcome);
}

// The infrastructure's endpoint counts, then that of the control plane; a Cluster that has one
// keeps it.
void copy_endpoint(ClusterScope& scope) {
  if (control_plane_endpoint(scope.draft.tree())) return;
  std::optional<Json> endpoint;
  if (scope.infrastructure.exists() && provisioned(*scope.infrastructure.external)) {
    endpoint = control_plane_endpoint(*scope.infrastructure.external->tree);
  }
  if (!endpoint && scope.control_plane.exists() && scope.control_plane_initialized()) {
    endpoint = control_plane_endpoint(*scope.control_plane.external->tree);
  }
  if (endpoint) scope.draft.set({"spec", "controlPlaneEndpoint"}, *endpoint);
}

void report_progress(const ClusterScope& scope, Outcome& outcome) {
  const std::string& name = scope.draft.meta().name;
  const auto was = [&](const char* what) {
    return get_bool(scope.draft.tree(), {"status", "initialization", what});
  };
  if (scope.infrastructure_provisioned() && !was("infrastructureProvisioned")) {
    report(scope.draft, "InfrastructureReady", "Cluster " + name + " infrastructure is provisioned",
           outcome);
  }
  if (scope.control_plane_initialized() && !was("controlPlaneInitialized")) {
    report(scope.draft, "ControlPlaneInitialized",
           "Cluster " + name + " control plane is initialized", outcome);
  }
}

}  // namespace

Result<Outcome> ClusterReconciler::reconcile(const ObjectKey& key,
                                             const ReconcileContext& context) {
  ObjectPtr cluster = context.objects.get(key);
  if (cluster == nullptr) {
    deps_.workload.forget({key.ns, key.name});
    return Outcome{};
  }
  Outcome outcome;
  const Object& object = *cluster;
  ClusterScope scope = gather_cluster(cluster, deps_.kinds, context.objects);
  if (set_paused_condition(scope.draft, &object, context.clock.now())) {
    scope.draft.finish(outcome);
    return outcome;
  }
  if (scope.deleting) {
    reconcile_delete(scope, context, outcome);
  } else {
    reconcile_normal(scope, context, outcome);
  }
  scope.draft.finish(outcome);
  return outcome;
}

void ClusterReconciler::reconcile_normal(ClusterScope& scope, const ReconcileContext& context,
                                         Outcome& outcome) {
  scope.draft.add_finalizer(kClusterFinalizer);
  adopt(scope, scope.infrastructure, outcome);
  adopt(scope, scope.control_plane, outcome);
  copy_endpoint(scope);
  const auto made = ensure_kubeconfig(scope, context.objects, context.clock.now(), outcome);
  if (!made.ok()) outcome.error = made.error();
  probe(scope, outcome);
  report_progress(scope, outcome);
  update_cluster_status(scope, nullptr, context.clock.now());
  // A kind that is not installed yet is not seen by a watch, so it is tried again.
  if (scope.infrastructure.error) outcome.error = scope.infrastructure.error;
  if (scope.control_plane.error) outcome.error = scope.control_plane.error;
}

void ClusterReconciler::probe(ClusterScope& scope, Outcome& outcome) {
  if (!scope.control_plane_initialized()) return;
  auto nodes = deps_.workload.nodes({scope.draft.meta().ns, scope.draft.meta().name});
  if (nodes.ok()) {
    scope.connection = Result<void>();
    return;
  }
  scope.connection = Result<void>(std::move(nodes).error());
  if (scope.connection->code() == Code::kUnavailable) {
    requeue_within(outcome.requeue_after, kProbeAgain);
  }
}

void ClusterReconciler::reconcile_delete(ClusterScope& scope, const ReconcileContext& context,
                                         Outcome& outcome) {
  const ClusterDeletion plan = plan_cluster_deletion(scope);
  for (const ObjectPtr& object : plan.remove) outcome.changes.push_back(removal(*object));
  update_cluster_status(scope, &plan, context.clock.now());
  if (plan.error) outcome.error = plan.error;
  if (!plan.done) return;
  scope.draft.remove_finalizer(kClusterFinalizer);
  report(scope.draft, "Deleted", "Cluster " + scope.draft.meta().name + " has been deleted",
         outcome);
}

std::vector<WatchRule> cluster_watches() {
  return {{kCluster, {}},
          {kMachine, wake_cluster_of_label},
          {kMachineSet, wake_cluster_of_label},
          {kMachineDeployment, wake_cluster_of_label},
          {kMachinePool, wake_cluster_of_label},
          {kSecret, wake_cluster_of_kubeconfig},
          {kSecret, wake_cluster_of_authority},
          {kAnyKind, wake_clusters_that_refer}};
}

}  // namespace capstan::lifecycle
