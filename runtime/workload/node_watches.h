// The Nodes of many clusters, each kept by a list and a watch; all of them on one thread.
//
// A cluster's watch is also the judge of whether the cluster can be reached: while it cannot, the
// watch tries again with growing, jittered pauses, and nobody else needs to.
//
// Thread safety: all members from any thread. Callbacks run on the watches' thread, without locks.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "runtime/base/random.h"
#include "runtime/base/result.h"
#include "runtime/workload/cluster_access.h"
#include "runtime/workload/node_cache.h"

namespace capstan {

struct NodeWatchOptions {
  Duration connect_timeout = std::chrono::seconds(10);
  Duration list_timeout = std::chrono::seconds(30);  // a page of a list
  Duration watch_time = std::chrono::minutes(5);     // one watch; up to half as much again
  Duration first_pause = std::chrono::milliseconds(500);
  Duration longest_pause = std::chrono::seconds(30);
  Duration coalesce = std::chrono::milliseconds(20);  // of on_change
  size_t largest_event = 8 << 20;                     // bytes
  size_t largest_page = 64 << 20;
};

class NodeWatches {
 public:
  // Lifetime: `random` outlives this.
  NodeWatches(const NodeWatchOptions& options, Random& random,
              std::function<void(const ClusterName&)> on_change);
  ~NodeWatches();  // no callback runs after it returned

  // Opens the cluster's watch unless there is one for the same kubeconfig; one for another
  // kubeconfig is replaced.
  void open(const ClusterAccessPtr& access);
  void close(const ClusterName& cluster);
  bool is_open(const ClusterName& cluster) const;

  // A request to the cluster failed: it counts as not reachable until the watch has reached it,
  // which is tried at once.
  void suspect(const ClusterAccessPtr& access, const Error& failure);

  // Why the cluster is not reachable at present; ok where it is or where nothing is known yet.
  Result<void> reachable(const ClusterName& cluster) const;
  // Errors: kUnavailable where the cluster is not reachable or the first list runs;
  // kPermissionDenied and the like where the server refuses the list.
  Result<std::vector<NodePtr>> nodes(const ClusterName& cluster) const;

  // Runs `work` on the watches' thread, as soon as possible or every `period`.
  void run(std::function<void()> work);
  void run_every(Duration period, std::function<void()> work);

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace capstan
