#include "runtime/lifecycle/machine/machine_conditions.h"

#include <array>

#include "runtime/lifecycle/common/rollup.h"
#include "runtime/object/condition_summary.h"

namespace capstan::lifecycle {
namespace {

Condition missing(const char* type, const MachineScope& scope, const Linked& linked, bool reached) {
  if (linked.error) return condition(type, kUnknown, "InternalError", linked.error->message);
  const std::string object = linked.text();
  if (scope.deleting()) {
    return reached ? condition(type, kFalse, "Deleted", object + " has been deleted")
                   : condition(type, kFalse, "DoesNotExist", object + " does not exist");
  }
  return reached ? condition(type, kFalse, "Deleted",
                             object + " has been deleted while the Machine still exists")
                 : condition(type, kFalse, "DoesNotExist", object + " does not exist");
}

Condition fallback(const char* type, const std::string& kind, const char* field, bool value) {
  return condition(type, value ? kTrue : kFalse, value ? "Ready" : "NotReady",
                   kind + " status.initialization." + field + " is " + (value ? "true" : "false"));
}

NodeConditions both(std::string_view status, const std::string& reason,
                    const std::string& message) {
  return {condition("NodeReady", status, reason, message),
          condition("NodeHealthy", status, reason, message)};
}

NodeConditions of_missing_node(const MachineScope& scope, const DeletionState& deletion) {
  const std::string name = get_string(scope.draft.tree(), {"status", "nodeRef", "name"});
  if (!name.empty()) {
    if (scope.deleting()) {
      return both(kFalse, "NodeDeleted", "Node " + name + " has been deleted");
    }
    return both(kFalse, "NodeDeleted",
                "Node " + name + " has been deleted while the Machine still exists");
  }
  if (!deletion.reason.empty()) return both(kFalse, "NodeDoesNotExist", "Node does not exist");
  const std::string id = scope.provider_id();
  if (!id.empty()) {
    return both(kUnknown, "InspectionFailed",
                "Waiting for a Node with spec.providerID " + id + " to exist");
  }
  const std::string kind =
      scope.infrastructure.external ? scope.infrastructure.kind() : "infrastructure";
  return both(kUnknown, "InspectionFailed", "Waiting for " + kind + " to report spec.providerID");
}

struct Health {
  std::string issues;
  std::string unknowns;
};

void look_at(const Json& node, const char* type, bool good, Health& health) {
  const auto condition = get_condition(node, type);
  const std::string line = "* Node." + std::string(type) + ": ";
  if (!condition || condition->status == kUnknown) {
    const std::string message = condition ? condition->message : "Condition not yet reported";
    health.unknowns += (health.unknowns.empty() ? "" : "\n") + line + message;
  } else if ((condition->status == kTrue) != good) {
    health.issues += (health.issues.empty() ? "" : "\n") + line + condition->message;
  }
}

Condition node_ready(const Json& node) {
  const auto ready = get_condition(node, "Ready");
  if (!ready) {
    return condition("NodeReady", kUnknown, "NodeConditionNotYetReported",
                     "* Node.Ready: Condition not yet reported");
  }
  const std::string message =
      ready->message.empty() ? std::string() : "* Node.Ready: " + ready->message;
  if (ready->status == kTrue) return condition("NodeReady", kTrue, "NodeReady");
  if (ready->status == kFalse) return condition("NodeReady", kFalse, "NodeNotReady", message);
  return condition("NodeReady", kUnknown, "NodeReadyUnknown", message);
}

Condition node_healthy(const Json& node) {
  Health health;
  look_at(node, "Ready", true, health);
  for (const char* type : {"MemoryPressure", "DiskPressure", "PIDPressure"}) {
    look_at(node, type, false, health);
  }
  if (!health.issues.empty()) {
    const std::string rest = health.unknowns.empty() ? "" : "\n" + health.unknowns;
    return condition("NodeHealthy", kFalse, "NodeNotHealthy", health.issues + rest);
  }
  if (!health.unknowns.empty()) {
    return condition("NodeHealthy", kUnknown, "NodeHealthUnknown", health.unknowns);
  }
  return condition("NodeHealthy", kTrue, "NodeHealthy");
}

}  // namespace

Condition machine_bootstrap_ready(const MachineScope& scope) {
  const char* type = "BootstrapConfigReady";
  const bool created = scope.bootstrap_created();
  if (!scope.bootstrap.defined) {
    return created ? condition(type, kTrue, "DataSecretProvided")
                   : condition(type, kFalse, "NotReady",
                               "Waiting for spec.bootstrap.dataSecretName to be set");
  }
  if (!scope.bootstrap.exists()) return missing(type, scope, scope.bootstrap, created);
  return mirror(*scope.bootstrap.external, "Ready", type,
                fallback(type, scope.bootstrap.kind(), "dataSecretCreated", created));
}

Condition machine_infrastructure_ready(const MachineScope& scope) {
  const char* type = "InfrastructureReady";
  const bool reached = scope.infrastructure_provisioned();
  if (!scope.infrastructure.exists()) return missing(type, scope, scope.infrastructure, reached);
  return mirror(*scope.infrastructure.external, "Ready", type,
                fallback(type, scope.infrastructure.kind(), "provisioned", reached));
}

NodeConditions machine_node_conditions(const MachineScope& scope, const DeletionState& deletion) {
  if (scope.node.node != nullptr) {
    return {node_ready(*scope.node.node), node_healthy(*scope.node.node)};
  }
  if (scope.node.error) {
    return both(kUnknown, "ConnectionDown", "Remote connection down: " + scope.node.error->message);
  }
  if (!scope.deleting() && !scope.cluster_infrastructure_provisioned()) {
    return both(kUnknown, "InspectionFailed",
                "Waiting for Cluster status.initialization.infrastructureProvisioned to be true");
  }
  return of_missing_node(scope, deletion);
}

Condition machine_deleting(const DeletionState& deletion) {
  if (deletion.reason.empty()) return condition("Deleting", kFalse, "NotDeleting");
  return condition("Deleting", kTrue, deletion.reason, deletion.message);
}

Condition machine_ready(const MachineScope& scope, const Json& view) {
  SummaryOptions options;
  options.types = {"Deleting",    "BootstrapConfigReady", "InfrastructureReady",
                   "NodeHealthy", "HealthCheckSucceeded", "OwnerRemediated"};
  options.negative = {"Deleting"};
  options.ignore_if_missing = {"HealthCheckSucceeded", "OwnerRemediated"};
  options.reasons = positive_reasons("Ready");
  if (const Json* gates = find(scope.draft.tree(), {"spec", "readinessGates"})) {
    for (const Json& gate : *gates) {
      const std::string type = get_string(gate, {"conditionType"});
      options.types.push_back(type);
      if (get_string(gate, {"polarity"}) == "Negative") options.negative.push_back(type);
    }
  }
  return summarize_conditions(view, "Ready", options);
}

Availability machine_available(const MachineScope& scope, const Json& view, Instant now) {
  const auto ready = get_condition(view, "Ready");
  if (!ready || ready->status != kTrue) {
    return {condition("Available", kFalse, "NotReady"), std::nullopt};
  }
  const auto wanted =
      std::chrono::seconds(get_int(scope.draft.tree(), {"spec", "minReadySeconds"}));
  if (wanted.count() <= 0) return {condition("Available", kTrue, "Available"), std::nullopt};
  const auto since = parse_time(ready->last_transition_time);
  const Duration left = (since.ok() ? *since : now) + wanted - now;
  if (left <= Duration::zero()) {
    return {condition("Available", kTrue, "Available"), std::nullopt};
  }
  return {condition("Available", kFalse, "WaitingForMinReadySeconds"), left};
}

}  // namespace capstan::lifecycle
