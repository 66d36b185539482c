#include "runtime/lifecycle/cluster/cluster_conditions.h"

#include "runtime/object/condition_summary.h"

namespace capstan::lifecycle {
namespace {

// A provider's object that the Cluster refers to: its own condition, or why there is none.
struct LinkedCondition {
  const char* type;    // of the Cluster's condition
  const char* source;  // of the object's
  bool reached;        // whether it has been there before
  Condition fallback;  // where the object has no such condition
};

Condition linked_condition(const ClusterScope& scope, const Linked& linked,
                           const LinkedCondition& about) {
  if (!linked.defined) {
    const char* message = scope.deleting ? "" : "Waiting for cluster topology to be reconciled";
    return condition(about.type, kFalse, "DoesNotExist", scope.topology ? message : "");
  }
  if (linked.error) return condition(about.type, kUnknown, "InternalError", linked.error->message);
  if (linked.exists()) {
    return mirror(*linked.external, about.source, about.type, about.fallback);
  }
  if (!about.reached) {
    return condition(about.type, kFalse, "DoesNotExist", linked.text() + " does not exist");
  }
  const char* when =
      scope.deleting ? " has been deleted" : " has been deleted while the cluster still exists";
  return condition(about.type, kFalse, "Deleted", linked.text() + when);
}

std::string truth(bool value) {
  return value ? "true" : "false";
}

Condition rolled_up(const Objects& objects, const char* source, const char* target,
                    const std::string& name, bool skip_missing, Condition empty) {
  return roll_up(objects, source, target,
                 {{.reasons = positive_reasons(name)}, skip_missing, std::move(empty)});
}

Condition activity(const Objects& objects, const std::string& type) {
  RollupOptions options;
  options.aggregate.negative = true;
  options.aggregate.reasons = negative_reasons(type);
  options.skip_missing = true;
  options.empty = condition(type, kFalse, "Not" + type);
  return roll_up(objects, type, type, options);
}

Objects being_remediated(const Objects& machines) {
  Objects found;
  for (const ObjectPtr& machine : machines) {
    if (is_condition_false(*machine->tree(), "OwnerRemediated")) found.push_back(machine);
  }
  return found;
}

}  // namespace

Condition cluster_infrastructure_ready(const ClusterScope& scope) {
  const bool reached = scope.infrastructure_provisioned();
  if (!scope.infrastructure.defined && !scope.topology) {
    return condition("InfrastructureReady", kTrue, "Ready");
  }
  const Condition fallback = condition(
      "InfrastructureReady", reached ? kTrue : kFalse, reached ? "Ready" : "NotReady",
      scope.infrastructure.kind() + " status.initialization.provisioned is " + truth(reached));
  return linked_condition(scope, scope.infrastructure,
                          {"InfrastructureReady", "Ready", reached, fallback});
}

Condition cluster_control_plane_available(const ClusterScope& scope) {
  const bool reached = scope.control_plane_initialized();
  if (!scope.control_plane.defined && !scope.topology) {
    return roll_up(scope.control_plane_machines, "Available", "ControlPlaneAvailable",
                   {{.reasons = positive_reasons("Available")},
                    false,
                    condition("", kFalse, "NotAvailable", "No control plane Machines exist")});
  }
  const Condition fallback = condition(
      "ControlPlaneAvailable", reached ? kTrue : kFalse, reached ? "Available" : "NotAvailable",
      scope.control_plane.kind() + " status.initialization.controlPlaneInitialized is " +
          truth(reached));
  return linked_condition(scope, scope.control_plane,
                          {"ControlPlaneAvailable", "Available", reached, fallback});
}

Condition cluster_control_plane_initialized(const ClusterScope& scope) {
  const char* type = "ControlPlaneInitialized";
  if (scope.control_plane_initialized()) return condition(type, kTrue, "Initialized");
  if (scope.control_plane.error) {
    return condition(type, kUnknown, "InternalError", scope.control_plane.error->message);
  }
  if (scope.control_plane.defined && !scope.control_plane.exists()) {
    return condition(type, kFalse, "DoesNotExist", scope.control_plane.text() + " does not exist");
  }
  return condition(type, kFalse, "NotInitialized",
                   scope.control_plane.defined || scope.topology
                       ? "Control plane not yet initialized"
                       : "Waiting for the first control plane machine to have status.nodeRef set");
}

Condition cluster_workers_available(const ClusterScope& scope) {
  Objects workers = scope.machine_pools;
  workers.insert(workers.end(), scope.machine_deployments.begin(), scope.machine_deployments.end());
  return rolled_up(workers, "Available", "WorkersAvailable", "Available", false,
                   condition("", kTrue, "NoWorkers"));
}

Condition cluster_remote_connection(const ClusterScope& scope) {
  const char* type = "RemoteConnectionProbe";
  if (!scope.connection) {
    return condition(type, kFalse, "ProbeFailed", "Remote connection not probed yet");
  }
  if (scope.connection->ok()) return condition(type, kTrue, "ProbeSucceeded");
  return condition(type, kFalse, "ProbeFailed", scope.connection->error().message);
}

Condition cluster_deleting(const ClusterDeletion* deletion) {
  if (deletion == nullptr) return condition("Deleting", kFalse, "NotDeleting");
  return condition("Deleting", kTrue, deletion->reason, deletion->message);
}

std::vector<Condition> cluster_machine_conditions(const ClusterScope& scope) {
  const Condition none = condition("", kTrue, "NoReplicas");
  const Objects& control_plane = scope.control_plane_machines;
  const Objects& workers = scope.worker_machines;
  return {
      rolled_up(control_plane, "Ready", "ControlPlaneMachinesReady", "Ready", false, none),
      rolled_up(workers, "Ready", "WorkerMachinesReady", "Ready", false, none),
      rolled_up(control_plane, "UpToDate", "ControlPlaneMachinesUpToDate", "UpToDate", true, none),
      rolled_up(workers, "UpToDate", "WorkerMachinesUpToDate", "UpToDate", true, none),
  };
}

std::vector<Condition> cluster_activity_conditions(const ClusterScope& scope) {
  Objects owners = scope.machine_deployments;
  owners.insert(owners.end(), scope.machine_pools.begin(), scope.machine_pools.end());
  if (scope.control_plane.exists()) owners.push_back(scope.control_plane.external->object);
  Objects scaled = owners;
  for (const ObjectPtr& set : scope.machine_sets) {
    if (standalone(*set)) scaled.push_back(set);
  }
  const Objects remediated = being_remediated(scope.machines());
  return {
      activity(owners, "RollingOut"),
      activity(scaled, "ScalingUp"),
      activity(scaled, "ScalingDown"),
      remediated.empty()
          ? condition("Remediating", kFalse, "NotRemediating")
          : condition("Remediating", kTrue, "Remediating", "* Machines: " + list_names(remediated)),
  };
}

Condition cluster_available(const ClusterScope& scope, const Json& view) {
  SummaryOptions options;
  options.types = {
      "Deleting",         "RemoteConnectionProbe", "InfrastructureReady", "ControlPlaneAvailable",
      "WorkersAvailable", "TopologyReconciled"};
  options.negative = {"Deleting"};
  options.ignore_if_missing = {"TopologyReconciled"};
  options.reasons = positive_reasons("Available");
  if (const Json* gates = find(scope.draft.tree(), {"spec", "availabilityGates"})) {
    for (const Json& gate : *gates) {
      const std::string type = get_string(gate, {"conditionType"});
      options.types.push_back(type);
      if (get_string(gate, {"polarity"}) == "Negative") options.negative.push_back(type);
    }
  }
  return summarize_conditions(view, "Available", options);
}

}  // namespace capstan::lifecycle
