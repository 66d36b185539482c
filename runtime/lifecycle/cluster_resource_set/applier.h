// Puts objects into a workload cluster whatever their kind: the cluster's own discovery says where
// they go.
//
// Thread safety: none; one reconcile's own.
#pragma once

#include <map>
#include <string>

#include "runtime/lifecycle/common/workload_api.h"

namespace capstan::lifecycle {

class Applier {
 public:
  Applier(WorkloadClusters& workload, ClusterName cluster)
      : workload_(workload), cluster_(std::move(cluster)) {}

  // Makes the object; one that exists already is left as it is.
  Result<void> create(const Json& object);
  // Makes or changes the object by server-side apply.
  Result<void> apply(const Json& object);

 private:
  struct Resource {
    std::string plural;
    bool namespaced = true;
  };

  // "/apis/apps/v1/namespaces/kube-system/daemonsets". Errors: kFailedPrecondition where the
  // cluster does not know the kind (yet).
  Result<std::string> collection(const Json& object);
  Result<Resource> resource(const std::string& api_version, const std::string& kind);

  WorkloadClusters& workload_;
  const ClusterName cluster_;
  // By apiVersion, then kind; read once, and again for a kind that was not there.
  std::map<std::string, std::map<std::string, Resource>> known_;
};

}  // namespace capstan::lifecycle
