// Counters, versions and conditions of a KubeadmControlPlane, from its Machines as they are.
//
// Thread safety: free functions on one call's ControlPlane.
#pragma once

#include "plugins/kubeadm/control_plane/control_plane.h"

namespace capstan::kubeadm {

void write_status(ControlPlane& plane);

}  // namespace capstan::kubeadm
