// Which members a stacked etcd should have: those of machines that go are taken out of it, and
// those that belong to no machine. One of the latter costs quorum, and while it is a learner no
// other machine can join: a machine that died while it joined leaves it behind.
//
// A member has the name of its node; one that has not started has none.
//
// Thread safety: free functions on one call's ControlPlane.
#pragma once

#include <capstan/status.h>

#include <string>
#include <vector>

#include "plugins/kubeadm/control_plane/control_plane.h"

namespace capstan::kubeadm {

// The name of the machine's member. Where the Machine has no node yet, that of the node with its
// providerID; "" where there is none.
std::string member_name(const ControlPlane& plane, const ControlPlaneMachine& machine);

// Those that are no machine's, the ones without a name first. A machine that comes up has its
// member before its node is known, so there may be one that is to stay.
std::vector<const EtcdMember*> stray_members(const ControlPlane& plane);

// What is wrong with a stray member, for people.
std::string without_machine(const EtcdMember& member);

// Whether the members that stay keep a majority without that one. Only a member that said so itself
// counts as alive.
bool quorum_remains(const ControlPlane& plane, const std::string& leaving_member);

// Takes one stray member out, unless it may be of a machine that comes up. True where it was done:
// plane.etcd_members has it still. Errors: kUnavailable; kFailedPrecondition where the others would
// lose their majority.
sdk::Expected<bool> remove_stray_member(ControlPlane& plane);

// Takes the member of a machine that goes out, asking the healthiest member that answers, also one
// that is to go after it. Nothing to do for the last machine and for one that has no member.
// Errors: as remove_stray_member().
sdk::Status leave_etcd(ControlPlane& plane, const ControlPlaneMachine& leaving);

}  // namespace capstan::kubeadm
