// Machines of a control plane: how one is made, and whether one still is as the spec asks.
//
// Thread safety: free functions on one call's ControlPlane.
#pragma once

#include <capstan/status.h>

#include <string>

#include "plugins/kubeadm/control_plane/control_plane.h"

namespace capstan::kubeadm {

// Makes infrastructure machine, KubeadmConfig and Machine, in this order and of the same name. The
// name follows from the machines that there are, so making it again after a crash makes the same; a
// name that something of an earlier Machine still has is passed over.
// Errors: kUnavailable where the infrastructure template is missing.
sdk::Status create_machine(ControlPlane& plane, const std::string& failure_domain);

// Sets up_to_date and outdated_because of every machine.
void judge_machines(ControlPlane& plane);

// Labels, annotations and timeouts that reach Machines without a rollout.
void propagate_in_place(ControlPlane& plane);

// The infrastructure template belongs to the Cluster, so that it goes with it.
void adopt_template(ControlPlane& plane);

// Where the next machine goes: the failure domain with the fewest; "" where there are none.
std::string next_failure_domain(const ControlPlane& plane);

}  // namespace capstan::kubeadm
