// What the workload cluster says of its control plane: static pods, nodes and etcd members, turned
// into the conditions that this provider sets on its Machines.
//
// Thread safety: free functions on one call's ControlPlane.
#pragma once

#include "plugins/kubeadm/control_plane/control_plane.h"

namespace capstan::kubeadm {

// Whether `kubeadm init` has got so far that others may join: its ConfigMap can be read.
bool is_initialized(ControlPlane& plane);

// Fills the machines' health, and writes it to the Machines where it differs from what they have.
// Where the call is given up meanwhile nothing is written and nothing known.
void check_health(ControlPlane& plane);

// Whether all that a machine needs to serve the cluster runs on it.
bool components_run(const ControlPlane& plane, const ControlPlaneMachine& machine);

// Why no machine may be added or removed now; "" where one may. A machine that is given is left
// out.
std::string why_not_stable(const ControlPlane& plane, const ControlPlaneMachine* except = nullptr);

}  // namespace capstan::kubeadm
