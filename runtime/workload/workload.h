// Talking to the clusters that were made: a port with one adapter over cpp-httplib. A workload
// cluster is reached by the kubeconfig in its Secret `<cluster>-kubeconfig`.
//
// Thread safety: all members from any thread; calls block until the answer or the deadline.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace capstan {

struct ClusterName {
  std::string ns;
  std::string name;
  auto operator<=>(const ClusterName&) const = default;
};

struct WorkloadRequest {
  std::string method = "GET";
  std::string path;  // "/api/v1/nodes?limit=100"
  std::string content_type = "application/json";
  std::string body = {};
  Duration timeout = std::chrono::seconds(10);
};

struct WorkloadResponse {
  int status = 0;    // HTTP
  std::string body;  // as sent
  // What a Retry-After header asks for (with 429 and 503); 0 where there is none.
  std::chrono::seconds retry_after{0};
  // What the server showed of itself, as PEM; only of a PodRequest that asks for it.
  std::string peer_certificate_pem = {};
};

// A request to a port of a pod, through the API server's port-forward, with TLS of its own: how
// etcd members are asked.
struct PodRequest {
  std::string ns = "kube-system";
  std::string pod = {};
  int port = 0;
  std::string server_name = {};      // checked against the certificate
  std::string ca_pem = {};           // trusts only this
  std::string certificate_pem = {};  // client certificate
  std::string key_pem = {};
  bool want_peer_certificate = false;
  WorkloadRequest request = {};
};

class WorkloadClusters {
 public:
  virtual ~WorkloadClusters() = default;

  // Errors: kFailedPrecondition (no kubeconfig yet), kUnavailable (not reached, timeout), with the
  // cluster and its endpoint named. An HTTP error status is an answer, not an error.
  virtual Result<WorkloadResponse> request(const ClusterName& cluster,
                                           const WorkloadRequest& request) = 0;
  virtual Result<WorkloadResponse> pod_request(const ClusterName& cluster,
                                               const PodRequest& request) = 0;

  // The cluster's Nodes, kept current by a watch that is opened on first use and kept while the
  // kubeconfig lasts. Errors: as request(); kUnavailable while the first list runs.
  virtual Result<std::vector<std::shared_ptr<const Json>>> nodes(const ClusterName& cluster) = 0;
  // Called on every change of a cluster's nodes, and when a cluster becomes reachable or is lost;
  // used to wake the objects concerned. Set once, before the first request.
  virtual void on_change(std::function<void(const ClusterName&)> callback) = 0;
  // While true, requests under way and new ones fail with kCancelled: whoever asked is to end.
  virtual void set_interrupted(bool) {}
  // Forgets connections and caches of a cluster that is gone.
  virtual void forget(const ClusterName& cluster) = 0;
};

}  // namespace capstan
