// What the members of a stacked etcd say, each asked at its own endpoint: that a member stands in
// the list of another one does not mean that it lives.
//
// Thread safety: free functions on one call's ControlPlane.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plugins/kubeadm/control_plane/etcd.h"

namespace capstan::kubeadm {

struct EtcdView {
  bool asked = false;  // a member that stays single is as healthy as its pod, whose probe asks it
  std::string error;   // why the list of members is not known
  std::vector<EtcdMember> members;
  std::map<std::string, std::string> alarms;  // texts by the member's id
  // By node: "" of a member that answered and has no fault to tell, else what is wrong with it.
  std::map<std::string, std::string> faults;
  std::map<std::string, std::string> silent;  // by node: why it gave no answer

  bool answers(const std::string& node) const { return faults.contains(node); }
};

// Costs a request a member, and two more to the first one that can tell of all.
EtcdView ask_etcd(ControlPlane& plane);

// EtcdMemberHealthy of the machine of that node: true only where the member itself answered, sees a
// leader, is a voting member and has no alarm.
sdk::Condition member_condition(const EtcdView& view, const sdk::Condition& pod,
                                const std::string& node);

}  // namespace capstan::kubeadm
