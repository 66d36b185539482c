// Replaces control plane Machines that health checks found unhealthy: one at a time, by deleting
// it, and only where what is left can carry the cluster. The replacement comes by scaling up.
//
// What is under way is kept in annotations, as Cluster API has them: remediation-in-progress on the
// KubeadmControlPlane from the deletion to the replacement, remediation-for on the replacement, so
// that a replacement which fails too counts as another try.
//
// Thread safety: free functions on one call's ControlPlane.
#pragma once

#include <capstan/status.h>

#include "plugins/kubeadm/control_plane/control_plane.h"

namespace capstan::kubeadm {

inline constexpr const char* kRemediationInProgress =
    "controlplane.cluster.x-k8s.io/remediation-in-progress";
inline constexpr const char* kRemediationFor = "controlplane.cluster.x-k8s.io/remediation-for";

// Says in the machines' OwnerRemediated conditions what is done or why not. True where a machine
// goes: nothing else may happen in this call.
sdk::Expected<bool> remediate(ControlPlane& plane);

// The remediation that a machine made now completes, for its annotation; "" where there is none.
// The control plane's own annotation is taken back.
std::string take_remediation(ControlPlane& plane);

// Whether health checks want the owner to replace it.
bool waits_for_remediation(const ControlPlaneMachine& machine);

// The last remediation as status.lastRemediation has it; null where there was none.
Json last_remediation(const ControlPlane& plane);

}  // namespace capstan::kubeadm
