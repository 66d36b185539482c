#include "runtime/lifecycle/machine/machine_old_status.h"

#include "runtime/lifecycle/machine/machine_deletion.h"
#include "runtime/object/old_conditions.h"

namespace capstan::lifecycle {
namespace {

// Those that the control plane's provider and health checks set under the same name.
constexpr OldMirror kOthers[] = {
    {"APIServerPodHealthy", "APIServerPodHealthy", "Error"},
    {"ControllerManagerPodHealthy", "ControllerManagerPodHealthy", "Error"},
    {"SchedulerPodHealthy", "SchedulerPodHealthy", "Error"},
    {"EtcdPodHealthy", "EtcdPodHealthy", "Error"},
    {"EtcdMemberHealthy", "EtcdMemberHealthy", "Error"},
    {"HealthCheckSucceeded", "HealthCheckSucceeded", "Warning"},
    {"OwnerRemediated", "OwnerRemediated", "Warning"},
};

// Steps of deletion in their order: what the Deleting condition says while one lasts.
struct Step {
  std::string_view deleting;
  std::string_view type;
  std::string_view reason;
};
constexpr Step kSteps[] = {
    {"WaitingForPreDrainHook", "PreDrainDeleteHookSucceeded", "WaitingExternalHook"},
    {"DrainingNode", "DrainingSucceeded", "Draining"},
    {"WaitingForVolumeDetach", "VolumeDetachSucceeded", "WaitingForVolumeDetach"},
    {"WaitingForPreTerminateHook", "PreTerminateDeleteHookSucceeded", "WaitingExternalHook"},
};

OldCondition node_healthy(const MachineScope& scope, const DeletionState& deletion,
                          const Json& view) {
  const std::string type = "NodeHealthy";
  if (deletion.reason == kDeletingNode) return {type, "False", "Warning", kNodeDeletionFailed};
  const auto healthy = get_condition(view, type);
  if (!healthy || healthy->status == kTrue) return {type, std::string(kTrue)};
  if (scope.deleting() && scope.node.node == nullptr) return {type, "False", "Info", "Deleting"};
  if (healthy->reason == "NodeDeleted") return {type, "False", "Error", "NodeNotFound"};
  if (healthy->reason == "InspectionFailed") {
    if (scope.provider_id().empty()) return {type, "False", "Info", "WaitingForNodeRef"};
    return {type, "False", "Warning", "NodeProvisioning",
            "Waiting for a node with matching ProviderID to exist"};
  }
  const char* severity = healthy->status == kFalse ? "Warning" : "";
  const char* reason =
      healthy->reason == "ConnectionDown" ? "NodeInspectionFailed" : "NodeConditionsFailed";
  return {type, healthy->status, severity, reason, healthy->message};
}

// A step that is over was a success; one that never began has no condition.
void update_steps(Json& view, const DeletionState& deletion, Instant now) {
  for (const Step& step : kSteps) {
    if (deletion.reason == step.deleting) {
      set_old_condition(view,
                        {std::string(step.type), std::string(kFalse), "Info",
                         std::string(step.reason), deletion.message},
                        now);
    } else if (get_old_condition(view, step.type)) {
      set_old_condition(view, {std::string(step.type), std::string(kTrue)}, now);
    }
  }
}

}  // namespace

void update_old_machine_status(MachineScope& scope, const DeletionState& deletion, Instant now) {
  Json& view = scope.draft.view();
  mirror_old_ready(view, scope.bootstrap,
                   {"BootstrapConfigReady", "BootstrapReady", "Info", "WaitingForDataSecret"}, now);
  mirror_old_ready(
      view, scope.infrastructure,
      {"InfrastructureReady", "InfrastructureReady", "Info", "WaitingForInfrastructure"}, now);
  set_old_condition(view, node_healthy(scope, deletion, view), now);
  for (const OldMirror& other : kOthers) mirror_old_condition(view, other, now);
  update_steps(view, deletion, now);
  OldSummary summary{{"InfrastructureReady", "BootstrapReady", "HealthCheckSucceeded",
                      "OwnerRemediated", "DrainingSucceeded"}};
  if (!scope.deleting() && scope.provider_id().empty()) {
    summary.steps = {"BootstrapReady", "InfrastructureReady"};
  }
  summarize_old_conditions(view, summary, now);
}

}  // namespace capstan::lifecycle
