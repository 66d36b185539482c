// Workload clusters that live in a map: nodes, pods and volumes, with the few API calls that the
// lifecycle controllers make. For tests.
//
// Thread safety: all members from any thread.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/workload/workload.h"

namespace capstan::lifecycle {

class FakeWorkload final : public WorkloadClusters {
 public:
  // Until then the cluster has no kubeconfig.
  void connect(const ClusterName& cluster);
  void disconnect(const ClusterName& cluster);
  void add_node(const ClusterName& cluster, const std::string& name, const std::string& provider_id,
                bool ready = true);
  void remove_node(const ClusterName& cluster, const std::string& name);
  // Until it is called with nothing, deletions of Nodes fail so.
  void refuse_node_deletion(const ClusterName& cluster, std::optional<Code> error);
  // `since`: its lastTransitionTime.
  void set_node_ready(const ClusterName& cluster, const std::string& name,
                      const std::string& status, const std::string& since = "");
  // `pod` has metadata and spec.nodeName. A protected pod cannot be evicted.
  void add_pod(const ClusterName& cluster, Json pod, bool is_protected = false);
  void allow_eviction(const ClusterName& cluster, const std::string& pod);
  // An object at an API path, for GET; what was created or applied is found the same way.
  void put(const ClusterName& cluster, const std::string& path, Json object);
  Json get(const ClusterName& cluster, const std::string& path) const;

  Json node(const ClusterName& cluster, const std::string& name) const;  // null where absent
  size_t pods(const ClusterName& cluster) const;
  std::vector<std::string> calls() const;  // "PATCH /api/v1/nodes/a", in order

  Result<WorkloadResponse> request(const ClusterName& cluster,
                                   const WorkloadRequest& request) override;
  Result<WorkloadResponse> pod_request(const ClusterName& cluster,
                                       const PodRequest& request) override;
  Result<std::vector<std::shared_ptr<const Json>>> nodes(const ClusterName& cluster) override;
  void on_change(std::function<void(const ClusterName&)> callback) override;
  void forget(const ClusterName& cluster) override;

 private:
  struct Cluster {
    bool connected = false;
    bool ever_connected = false;
    std::map<std::string, std::shared_ptr<const Json>> nodes;
    std::optional<Code> node_deletion_error;
    std::map<std::string, Json> pods;  // by "namespace/name"
    std::set<std::string> protected_pods;
    std::map<std::string, Json> objects;  // by path
  };

  WorkloadResponse node_request(Cluster& cluster, const WorkloadRequest& request);
  WorkloadResponse pods_request(Cluster& cluster, const WorkloadRequest& request);
  WorkloadResponse evict(Cluster& cluster, const std::string& path);
  WorkloadResponse object_request(Cluster& cluster, const WorkloadRequest& request);
  void changed(const ClusterName& cluster);

  mutable std::mutex mutex_;
  std::map<ClusterName, Cluster> clusters_;
  std::vector<std::string> calls_;
  std::function<void(const ClusterName&)> callback_;
};

}  // namespace capstan::lifecycle
