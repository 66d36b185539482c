// Takes over control plane Machines that nobody controls: those of a cluster that was made without
// a control plane provider, or whose provider's object was deleted without them.
//
// Thread safety: free functions on one call's ControlPlane.
#pragma once

#include <capstan/status.h>

#include "plugins/kubeadm/control_plane/control_plane.h"

namespace capstan::kubeadm {

// Makes the control plane the controller of its adoptable machines, and of the Secrets that their
// KubeadmConfigs made. Nothing where one of them is more than one minor version away: an event says
// so. Errors: kFailedPrecondition where a machine was not made with a KubeadmConfig.
sdk::Status adopt_machines(ControlPlane& plane);

}  // namespace capstan::kubeadm
