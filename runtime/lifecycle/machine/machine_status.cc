#include "runtime/lifecycle/machine/machine_status.h"

#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/machine/machine_old_status.h"

namespace capstan::lifecycle {
namespace {

void copy_infrastructure(const MachineScope& scope, Json& status) {
  if (!scope.infrastructure.exists()) return;
  const External& infra = *scope.infrastructure.external;
  if (!provisioned(infra) || scope.provider_id().empty()) return;
  if (const Json* list = addresses(infra)) status["addresses"] = *list;
  const std::string domain = failure_domain(infra);
  if (!domain.empty()) status["failureDomain"] = domain;
}

void copy_node(const MachineScope& scope, Json& status) {
  if (scope.node.node == nullptr) return;
  status["nodeRef"] = {{"name", scope.node_name()}};
  if (const Json* info = find(*scope.node.node, {"status", "nodeInfo"})) {
    if (info->is_object() && !info->empty()) status["nodeInfo"] = *info;
  }
}

// The control plane's provider writes the date on the Machine's config; one on the Machine itself
// counts more.
void copy_certificates_expiry(const MachineScope& scope, Json& status) {
  const Metadata& meta = scope.draft.meta();
  if (!meta.labels.contains(kControlPlaneLabel)) return;
  std::string expiry = meta.annotation(kCertificatesExpiry);
  if (expiry.empty() && scope.bootstrap.exists()) {
    expiry = scope.bootstrap.external->object->meta().annotation(kCertificatesExpiry);
  }
  const auto time = parse_time(expiry);
  if (time.ok()) {
    status["certificatesExpiryDate"] = format_time(*time);
  } else {
    status.erase("certificatesExpiryDate");
  }
}

}  // namespace

std::string machine_phase(const MachineScope& scope, const Json& view) {
  if (scope.deleting()) return "Deleting";
  if (is_condition_true(view, "Updating")) return "Updating";
  const bool infrastructure = scope.infrastructure_provisioned();
  if (infrastructure && !scope.node_name().empty()) return "Running";
  if (!scope.provider_id().empty()) return "Provisioned";
  if (scope.bootstrap_created() && !infrastructure) return "Provisioning";
  return "Pending";
}

std::optional<Duration> update_machine_status(MachineScope& scope, const DeletionState& deletion,
                                              Instant now) {
  Json& status = scope.draft.status();
  if (scope.bootstrap_created()) {
    status["initialization"]["bootstrapDataSecretCreated"] = true;
  }
  if (scope.infrastructure_provisioned()) {
    status["initialization"]["infrastructureProvisioned"] = true;
  }
  copy_infrastructure(scope, status);
  copy_node(scope, status);
  copy_certificates_expiry(scope, status);
  status["observedGeneration"] = scope.draft.meta().generation;

  Json& view = scope.draft.view();
  const auto put = [&](Condition condition) { set_condition(view, std::move(condition), now); };
  put(machine_bootstrap_ready(scope));
  put(machine_infrastructure_ready(scope));
  NodeConditions node = machine_node_conditions(scope, deletion);
  put(std::move(node.ready));
  put(std::move(node.healthy));
  put(machine_deleting(deletion));
  if (find_condition(view, "Updating") == nullptr) {
    put({.type = "Updating", .status = std::string(kFalse), .reason = "NotUpdating"});
  }
  put(machine_ready(scope, view));
  Availability availability = machine_available(scope, view, now);
  put(std::move(availability.condition));
  update_old_machine_status(scope, deletion, now);

  const std::string phase = machine_phase(scope, view);
  if (get_string(status, {"phase"}) != phase) {
    status["phase"] = phase;
    status["lastUpdated"] = format_time(now);
  }
  return availability.again;
}

}  // namespace capstan::lifecycle
