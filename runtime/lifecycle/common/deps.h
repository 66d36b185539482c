// What the lifecycle controllers stand on besides the cache.
#pragma once

#include <functional>

#include "runtime/object/kind.h"
#include "runtime/workload/workload.h"

namespace capstan::lifecycle {

// Lifetime: all outlive the controllers.
struct Deps {
  KindRegistry& kinds;
  WorkloadClusters& workload;
  // WorkloadClusters has one callback, which the lifecycle controllers take; this is called after
  // them, for other controllers that wait for workload clusters. May be empty.
  std::function<void(const ClusterName&)> on_cluster_change = {};
};

}  // namespace capstan::lifecycle
