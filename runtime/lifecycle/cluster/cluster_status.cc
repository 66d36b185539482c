#include "runtime/lifecycle/cluster/cluster_status.h"

#include <map>

#include "runtime/lifecycle/cluster/cluster_conditions.h"
#include "runtime/lifecycle/common/names.h"

namespace capstan::lifecycle {
namespace {

struct Counts {
  int64_t desired = 0;
  int64_t replicas = 0;
  int64_t ready = 0;
  int64_t available = 0;
  int64_t up_to_date = 0;

  void add_owner(const Json& owner) {
    desired += get_int(owner, {"spec", "replicas"});
    replicas += get_int(owner, {"status", "replicas"});
    ready += get_int(owner, {"status", "readyReplicas"});
    available += get_int(owner, {"status", "availableReplicas"});
    up_to_date += get_int(owner, {"status", "upToDateReplicas"});
  }
  void add_machine(const Json& machine) {
    ++desired;
    ++replicas;
    ready += is_condition_true(machine, "Ready");
    available += is_condition_true(machine, "Available");
    up_to_date += is_condition_true(machine, "UpToDate");
  }
  Json to_json() const {
    return {{"desiredReplicas", desired},
            {"replicas", replicas},
            {"readyReplicas", ready},
            {"availableReplicas", available},
            {"upToDateReplicas", up_to_date}};
  }
};

void update_initialization(ClusterScope& scope) {
  Json& status = scope.draft.status();
  if (scope.infrastructure_provisioned()) {
    status["initialization"]["infrastructureProvisioned"] = true;
  }
  if (scope.control_plane_initialized()) {
    status["initialization"]["controlPlaneInitialized"] = true;
  }
  if (!scope.infrastructure.exists()) return;
  Json domains = failure_domains(*scope.infrastructure.external);
  if (!domains.empty()) {
    status["failureDomains"] = std::move(domains);
  } else {
    status.erase("failureDomains");
  }
}

// What the conditions are for clients of v1beta1. `view` has today's already.
void update_old_status(const ClusterScope& scope, Json& view, Instant now) {
  mirror_old_ready(
      view, scope.infrastructure,
      {"InfrastructureReady", "InfrastructureReady", "Info", "WaitingForInfrastructure"}, now);
  const bool by_provider = scope.control_plane.defined || scope.topology;
  if (by_provider) {
    mirror_old_ready(
        view, scope.control_plane,
        {"ControlPlaneAvailable", "ControlPlaneReady", "Info", "WaitingForControlPlane"}, now);
  }
  mirror_old_condition(
      view,
      {"ControlPlaneInitialized", "ControlPlaneInitialized", "Info",
       by_provider ? "WaitingForControlPlaneProviderInitialized" : "MissingNodeRef"},
      now);
  summarize_old_conditions(view, {{"ControlPlaneReady", "InfrastructureReady"}}, now);
}

}  // namespace

std::string cluster_phase(const ClusterScope& scope) {
  if (scope.deleting) return "Deleting";
  const bool reachable = control_plane_endpoint(scope.draft.tree()).has_value() ||
                         (scope.infrastructure.exists() &&
                          control_plane_endpoint(*scope.infrastructure.external->tree));
  if (scope.infrastructure_provisioned() && reachable) return "Provisioned";
  if (scope.infrastructure.defined || scope.control_plane.defined) return "Provisioning";
  return "Pending";
}

Json worker_counts(const ClusterScope& scope) {
  Counts counts;
  for (const ObjectPtr& owner : scope.machine_deployments) counts.add_owner(*owner->tree());
  for (const ObjectPtr& owner : scope.machine_pools) counts.add_owner(*owner->tree());
  for (const ObjectPtr& owner : scope.machine_sets) {
    if (standalone(*owner)) counts.add_owner(*owner->tree());
  }
  for (const ObjectPtr& machine : scope.worker_machines) {
    if (standalone(*machine)) counts.add_machine(*machine->tree());
  }
  return counts.to_json();
}

Json control_plane_counts(const ClusterScope& scope) {
  if (!scope.control_plane.exists()) {
    Counts counts;
    for (const ObjectPtr& machine : scope.control_plane_machines) {
      counts.add_machine(*machine->tree());
    }
    return counts.to_json();
  }
  const ReplicaCounts counts = replica_counts(*scope.control_plane.external);
  Json json = Json::object();
  const auto put = [&json](const char* field, const std::optional<int64_t>& value) {
    if (value) json[field] = *value;
  };
  put("desiredReplicas", counts.desired);
  put("replicas", counts.replicas);
  put("readyReplicas", counts.ready);
  put("availableReplicas", counts.available);
  put("upToDateReplicas", counts.up_to_date);
  return json;
}

void update_cluster_status(ClusterScope& scope, const ClusterDeletion* deletion, Instant now) {
  update_initialization(scope);
  Json& status = scope.draft.status();
  status["phase"] = cluster_phase(scope);
  status["observedGeneration"] = scope.draft.meta().generation;
  Json control_plane = control_plane_counts(scope);
  if (!control_plane.empty()) status["controlPlane"].update(control_plane);
  status["workers"].update(worker_counts(scope));

  Json& view = scope.draft.view();
  const auto put = [&](Condition condition) { set_condition(view, std::move(condition), now); };
  put(cluster_infrastructure_ready(scope));
  put(cluster_control_plane_available(scope));
  put(cluster_control_plane_initialized(scope));
  put(cluster_workers_available(scope));
  put(cluster_remote_connection(scope));
  put(cluster_deleting(deletion));
  for (Condition& condition : cluster_machine_conditions(scope)) put(std::move(condition));
  for (Condition& condition : cluster_activity_conditions(scope)) put(std::move(condition));
  put(cluster_available(scope, view));
  update_old_status(scope, view, now);
}

}  // namespace capstan::lifecycle
