#include "plugins/kubeadm/control_plane/old_status.h"

#include <algorithm>

#include "plugins/kubeadm/old_conditions.h"

namespace capstan::kubeadm {
namespace {

void counters(ControlPlane& plane) {
  const auto replicas = static_cast<int64_t>(plane.machines.size());
  const int64_t ready =
      std::count_if(plane.machines.begin(), plane.machines.end(),
                    [](const auto& machine) { return machine.condition_true("NodeReady"); });
  plane.reply.merge_status(
      {{"deprecated",
        {{"v1beta1",
          {{"updatedReplicas", replicas - static_cast<int64_t>(plane.outdated().size())},
           {"readyReplicas", ready},
           {"unavailableReplicas", replicas - ready}}}}}});
}

void resized(const ControlPlane& plane, const sdk::Status& result, OldConditions& old) {
  const auto replicas = static_cast<int64_t>(plane.machines.size());
  const int64_t desired = plane.desired_replicas();
  const auto text = [&](const char* direction) {
    return std::string("Scaling ") + direction + " control plane to " + std::to_string(desired) +
           " replicas (actual " + std::to_string(replicas) + ")";
  };
  if (plane.request.deleting()) {
    old.set({"Resized", "False", "Info", "Deleting"});
  } else if (replicas < desired) {
    old.set({"Resized", "False", "Warning", "ScalingUp", text("up")});
    if (!result.ok()) {
      old.set(
          {"MachinesCreated", "False", "Error", "MachineGenerationFailed", result.error().summary});
    }
    return;
  } else if (replicas > desired) {
    old.set({"Resized", "False", "Warning", "ScalingDown", text("down")});
  } else if (std::all_of(plane.machines.begin(), plane.machines.end(),
                         [](const auto& machine) { return machine.condition_true("Ready"); })) {
    old.set({"Resized", "True"});
  }
  old.set({"MachinesCreated", "True"});
}

// Told from the first rollout on.
void up_to_date(const ControlPlane& plane, OldConditions& old) {
  const size_t outdated = plane.outdated().size();
  if (outdated > 0) {
    old.set({"MachinesSpecUpToDate", "False", "Warning", "RollingUpdateInProgress",
             "Rolling " + std::to_string(outdated) + " replicas with outdated spec (" +
                 std::to_string(plane.machines.size() - outdated) + " replicas up to date)"});
  } else if (old.get("MachinesSpecUpToDate")) {
    old.set({"MachinesSpecUpToDate", "True"});
  }
}

}  // namespace

void write_old_status(ControlPlane& plane, const sdk::Status& result) {
  counters(plane);
  OldConditions old(plane.request, plane.reply);
  resized(plane, result, old);
  up_to_date(plane, old);
  std::vector<const Json*> machines;
  for (const ControlPlaneMachine& machine : plane.machines) machines.push_back(machine.machine);
  old.aggregate("MachinesReady", "Machine", machines);
  old.set(plane.initialized ? OldCondition{"Available", "True"}
                            : OldCondition{"Available", "False", "Info", "WaitingForKubeadmInit"});
  old.mirror("CertificatesAvailable", "CertificatesAvailable", "Warning",
             "CertificatesGenerationFailed");
  old.mirror("ControlPlaneComponentsHealthy", "ControlPlaneComponentsHealthy", "Error",
             "ControlPlaneComponentsUnhealthy");
  old.mirror("EtcdClusterHealthy", "EtcdClusterHealthy", "Error", "EtcdClusterUnhealthy");
  old.summarize({"MachinesCreated", "MachinesSpecUpToDate", "Resized", "MachinesReady", "Available",
                 "CertificatesAvailable"});
  old.write();
}

}  // namespace capstan::kubeadm
