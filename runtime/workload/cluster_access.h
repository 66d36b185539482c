// How a workload cluster is reached: what its Secret `<cluster>-kubeconfig` says, parsed once.
//
// Thread safety: immutable.
#pragma once

#include <memory>
#include <string>

#include "runtime/store/watch_cache.h"
#include "runtime/workload/kubeconfig.h"
#include "runtime/workload/tls_identity.h"
#include "runtime/workload/workload.h"

namespace capstan {

struct ClusterAccess {
  ClusterName cluster;
  Revision revision = 0;  // of the Secret
  ServerAddress address;
  std::string token;  // "" where a client certificate speaks for us
  std::shared_ptr<const TlsIdentity> tls;

  // "cluster default/demo (10.0.0.1:6443)", for errors.
  std::string text() const;
};
using ClusterAccessPtr = std::shared_ptr<const ClusterAccess>;

ObjectKey kubeconfig_secret_key(const ClusterName& cluster);

// Errors: kFailedPrecondition where there is no Secret yet or it holds no usable kubeconfig; the
// message names the Secret.
Result<ClusterAccessPtr> read_cluster_access(const ClusterName& cluster, const Object& secret);
Result<ClusterAccessPtr> read_cluster_access(const ClusterName& cluster, const WatchCache& cache);

}  // namespace capstan
