#include "runtime/lifecycle/cluster/cluster_deletion.h"

#include "runtime/lifecycle/common/owner_references.h"

namespace capstan::lifecycle {
namespace {

void remove_owned(const ClusterScope& scope, const Objects& objects,
                  std::vector<ObjectPtr>& remove) {
  for (const ObjectPtr& object : objects) {
    if (object->meta().deleting() || !standalone(*object)) continue;
    if (owned_by(object->meta(), scope.draft.meta().uid)) remove.push_back(object);
  }
}

void mention(const char* what, const Objects& objects, std::string& message) {
  if (objects.empty()) return;
  if (!message.empty()) message += "\n";
  message += std::string("* ") + what + ": " + list_names(objects);
}

ClusterDeletion wait_for_workers(const ClusterScope& scope) {
  ClusterDeletion plan{.reason = "WaitingForWorkersDeletion"};
  remove_owned(scope, scope.machine_pools, plan.remove);
  remove_owned(scope, scope.machine_deployments, plan.remove);
  remove_owned(scope, scope.machine_sets, plan.remove);
  remove_owned(scope, scope.worker_machines, plan.remove);
  mention("MachineDeployments", scope.machine_deployments, plan.message);
  mention("MachineSets", scope.machine_sets, plan.message);
  mention("MachinePools", scope.machine_pools, plan.message);
  mention("Worker Machines", scope.worker_machines, plan.message);
  return plan;
}

ClusterDeletion wait_for(const char* reason, const External& external) {
  ClusterDeletion plan{.reason = reason};
  plan.message = "* " + external.key.kind.kind + ": " + external.key.name;
  if (!external.deleting()) plan.remove.push_back(external.object);
  return plan;
}

// Whether there is anything to delete is not known, so nothing is given up for gone.
ClusterDeletion wait_for_answer(const char* reason, const Error& error) {
  ClusterDeletion plan{.reason = reason};
  plan.message = error.message;
  plan.error = error;
  return plan;
}

}  // namespace

ClusterDeletion plan_cluster_deletion(const ClusterScope& scope) {
  const bool workers = !scope.machine_deployments.empty() || !scope.machine_sets.empty() ||
                       !scope.machine_pools.empty() || !scope.worker_machines.empty();
  if (workers) return wait_for_workers(scope);
  if (scope.control_plane.error) {
    return wait_for_answer("WaitingForControlPlaneDeletion", *scope.control_plane.error);
  }
  if (scope.control_plane.exists()) {
    return wait_for("WaitingForControlPlaneDeletion", *scope.control_plane.external);
  }
  if (!scope.control_plane_machines.empty()) {
    ClusterDeletion plan{.reason = "WaitingForControlPlaneDeletion"};
    remove_owned(scope, scope.control_plane_machines, plan.remove);
    mention("Control plane Machines", scope.control_plane_machines, plan.message);
    return plan;
  }
  if (scope.infrastructure.error) {
    return wait_for_answer("WaitingForInfrastructureDeletion", *scope.infrastructure.error);
  }
  if (scope.infrastructure.exists()) {
    return wait_for("WaitingForInfrastructureDeletion", *scope.infrastructure.external);
  }
  return {.done = true, .reason = "DeletionCompleted", .message = "Deletion completed"};
}

}  // namespace capstan::lifecycle
