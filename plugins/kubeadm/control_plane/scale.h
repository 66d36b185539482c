// The one next step of a control plane: make the first machine, add one, take one away, or replace
// one. Never more than one at a time, and only while the others are healthy.
//
// Thread safety: free functions on one call's ControlPlane.
#pragma once

#include <capstan/status.h>

#include "plugins/kubeadm/control_plane/control_plane.h"

namespace capstan::kubeadm {

// Decides and writes the step to the reply.
sdk::Status scale(ControlPlane& plane);

// For a machine whose deletion waits for this provider's hook: takes its member out of etcd, asking
// the healthiest member that answers, then lets it go. One at a time, the one that was deleted
// first before the others; one for which it fails keeps no other one back. None but the last goes
// while no other one serves, or the other members of etcd would have no majority. Errors: the first
// failure.
sdk::Status finish_deletions(ControlPlane& plane);

// Which machine goes first. Precondition: there are machines.
const ControlPlaneMachine& pick_for_deletion(const ControlPlane& plane);

// Machines above the desired number that a rollout may make: 0 or 1.
int64_t max_surge(const ControlPlane& plane);

}  // namespace capstan::kubeadm
