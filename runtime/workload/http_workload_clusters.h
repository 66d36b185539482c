// The adapter of WorkloadClusters over the network.
//
// Requests go by cpp-httplib over a few kept connections a cluster, on the caller's thread. Watches
// of Nodes share one thread for all clusters, which the library could not do (it blocks), so they
// and the port-forward have a small client of their own over Asio.
//
// A cluster that cannot be reached costs its callers nothing after the first failure: calls fail at
// once with the reason until the cluster's watch, which alone tries again, has reached it.
//
// Thread safety: all members from any thread.
//
// Example:
//   const auto clusters = make_http_workload_clusters(cache, clock, random);
//   clusters->on_change([&](const ClusterName& name) { wake(name); });
//   const auto nodes = clusters->nodes({"default", "demo"});
#pragma once

#include <memory>

#include "runtime/base/clock.h"
#include "runtime/base/random.h"
#include "runtime/store/watch_cache.h"
#include "runtime/workload/connection_pool.h"
#include "runtime/workload/node_watches.h"
#include "runtime/workload/workload.h"

namespace capstan {

struct WorkloadOptions {
  PoolOptions pool;
  NodeWatchOptions nodes;
  Duration tidy_every = std::chrono::seconds(1);
};

// Kubeconfigs come from Secrets in `cache`. A changed Secret takes effect with the next request and
// restarts the cluster's watch; one that is deleted ends it.
// Ignores SIGPIPE for the process: OpenSSL writes to sockets that the other side may have closed.
// Lifetime: cache, clock and random outlive the result.
std::unique_ptr<WorkloadClusters> make_http_workload_clusters(WatchCache& cache, Clock& clock,
                                                              Random& random,
                                                              const WorkloadOptions& options = {});

}  // namespace capstan
