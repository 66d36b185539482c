// status.deprecated.v1beta1 of a KubeadmControlPlane: what its conditions and counters are for
// clients of v1beta1.
//
// Thread safety: free functions on one call's ControlPlane.
#pragma once

#include <capstan/status.h>

#include "plugins/kubeadm/control_plane/control_plane.h"

namespace capstan::kubeadm {

// After today's conditions are in the reply. `result` is how the call ended.
void write_old_status(ControlPlane& plane, const sdk::Status& result);

}  // namespace capstan::kubeadm
