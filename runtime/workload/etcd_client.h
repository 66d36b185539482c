// A stacked etcd's members, asked through one of them: the JSON gateway of etcd 3.4 and later in a
// static pod `etcd-<node>`, reached by port-forward.
//
// Thread safety: any thread; each call blocks.
//
// Example:
//   EtcdClient etcd(clusters, {"default", "demo"}, {.pod = "etcd-demo-1", .port = 2379, ...});
//   for (const EtcdMember& member : TRY(etcd.members())) ...
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/workload/workload.h"

namespace capstan {

struct EtcdMember {
  uint64_t id = 0;
  std::string name;  // the node's; "" for a member that has not started
  std::vector<std::string> peer_urls;
  std::vector<std::string> client_urls;
  bool learner = false;
};

struct EtcdStatus {
  uint64_t member = 0;  // who answers
  uint64_t leader = 0;  // 0: none
  std::string version;
  int64_t db_size = 0;              // bytes
  std::vector<std::string> errors;  // alarms and the like
};

class EtcdClient {
 public:
  // `member` says which pod to ask and with which certificates; its `request` gives the timeout.
  // Lifetime: `clusters` outlives the client.
  EtcdClient(WorkloadClusters& clusters, ClusterName cluster, PodRequest member)
      : clusters_(clusters), cluster_(std::move(cluster)), member_(std::move(member)) {}

  Result<std::vector<EtcdMember>> members();
  // Errors: kNotFound where there is no such member, which a caller takes for done.
  Result<void> remove_member(uint64_t id);
  Result<EtcdStatus> status();
  // Only the leader can; ask the pod that leads.
  Result<void> transfer_leadership(uint64_t to);

 private:
  Result<Json> post(const std::string& path, const Json& body);

  WorkloadClusters& clusters_;
  const ClusterName cluster_;
  const PodRequest member_;
};

}  // namespace capstan
