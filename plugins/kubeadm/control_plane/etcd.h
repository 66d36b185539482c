// The members of a stacked etcd, asked through the workload cluster: etcd's JSON gateway on the
// etcd pod's port, reached by port-forward, with a client certificate of the cluster's etcd
// authority.
//
// Source: etcd's gRPC gateway (/v3/cluster/member/list and others); numbers are decimal text.
//
// Thread safety: free functions on one call's ControlPlane.
#pragma once

#include <capstan/status.h>

#include <string>
#include <vector>

#include "plugins/kubeadm/control_plane/control_plane.h"

namespace capstan::kubeadm {

// What a member says of itself.
struct EtcdStatus {
  std::string leader;  // a member's id; "" while it sees none
};

struct EtcdAlarm {
  std::string member;  // its id
  std::string alarm;   // "NOSPACE"
};

class Etcd {
 public:
  // Errors: kUnavailable where the certificates are not there yet.
  static sdk::Expected<Etcd> connect(ControlPlane& plane);

  // Asked of the etcd pod on `node`. Errors: kUnavailable with the answer.
  sdk::Expected<std::vector<EtcdMember>> members(const std::string& node);
  sdk::Status remove_member(const std::string& node, const std::string& member_id);
  // Answered by that member alone, also where the others are gone.
  sdk::Expected<EtcdStatus> status(const std::string& node);
  sdk::Status move_leader(const std::string& leader_node, const std::string& to_member_id);
  // Of all members; empty where all is well.
  sdk::Expected<std::vector<EtcdAlarm>> alarms(const std::string& node);

 private:
  explicit Etcd(ControlPlane& plane) : plane_(plane) {}
  sdk::Expected<Json> call(const std::string& node, const std::string& path, const Json& body);

  ControlPlane& plane_;
  std::string ca_;
  std::string certificate_;
  std::string key_;
};

}  // namespace capstan::kubeadm
