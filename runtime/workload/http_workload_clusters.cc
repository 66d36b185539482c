#include "runtime/workload/http_workload_clusters.h"

#include <atomic>
#include <csignal>
#include <map>

#include "runtime/workload/pod_tunnel.h"

namespace capstan {
namespace {

constexpr std::string_view kSecretSuffix = "-kubeconfig";

bool is_failure_of_cluster(Code code) {
  return code == Code::kUnavailable || code == Code::kDeadlineExceeded;
}

class HttpWorkloadClusters final : public WorkloadClusters {
 public:
  HttpWorkloadClusters(WatchCache& cache, Clock& clock, Random& random,
                       const WorkloadOptions& options)
      : cache_(cache),
        clock_(clock),
        random_(random),
        options_(options),
        watches_(options.nodes, random, [this](const ClusterName& name) { changed(name); }) {
    std::signal(SIGPIPE, SIG_IGN);
    watches_.run_every(options.tidy_every, [this] { tidy(); });
    watch_secrets();
  }

  Result<WorkloadResponse> request(const ClusterName& cluster,
                                   const WorkloadRequest& request) override {
    if (*interrupted_) return interrupted();
    const auto pool = TRY(pool_of(cluster));
    TRY(watches_.reachable(cluster));
    Result<WorkloadResponse> response = pool->send(request);
    if (is_failure_of_cluster(response.code())) {
      watches_.suspect(pool->access(), response.error());
    }
    return response;
  }

  Result<WorkloadResponse> pod_request(const ClusterName& cluster,
                                       const PodRequest& request) override {
    if (*interrupted_) return interrupted();
    const auto pool = TRY(pool_of(cluster));
    TRY(watches_.reachable(cluster));
    // A failure may be the pod's alone, so it says nothing about the cluster.
    return send_to_pod(*pool->access(), request, random_, interrupted_.get());
  }

  Result<std::vector<NodePtr>> nodes(const ClusterName& cluster) override {
    const auto pool = TRY(pool_of(cluster));
    watches_.open(pool->access());
    return watches_.nodes(cluster);
  }

  void on_change(std::function<void(const ClusterName&)> callback) override {
    const std::lock_guard lock(mutex_);
    on_change_ = std::move(callback);
  }

  void set_interrupted(bool interrupted) override {
    *interrupted_ = interrupted;
    // What is under way is broken off by tidy(), which also sees what was only about to begin.
    if (interrupted) watches_.run([this] { tidy(); });
  }

  void forget(const ClusterName& cluster) override {
    watches_.close(cluster);
    const std::lock_guard lock(mutex_);
    pools_.erase(cluster);
  }

 private:
  using PoolPtr = std::shared_ptr<ConnectionPool>;

  // The cluster's pool for what its Secret says now.
  Result<PoolPtr> pool_of(const ClusterName& cluster) {
    const ObjectPtr secret = cache_.get(kubeconfig_secret_key(cluster));
    if (secret) {
      const std::lock_guard lock(mutex_);
      if (PoolPtr pool = find(cluster, secret->meta().resource_version)) return pool;
    }
    auto access = read_cluster_access(cluster, cache_);
    if (!access.ok()) {
      forget(cluster);
      return std::move(access).error();
    }
    PoolPtr pool;
    {
      const std::lock_guard lock(mutex_);
      pool = find(cluster, (*access)->revision);  // another caller may have been faster
      if (pool) return pool;
      pool = std::make_shared<ConnectionPool>(*access, options_.pool, clock_, interrupted_);
      pools_[cluster] = pool;
    }
    if (watches_.is_open(cluster)) watches_.open(*access);
    return pool;
  }

  // With mutex_ held. Null where there is none for this revision of the Secret or a later one.
  PoolPtr find(const ClusterName& cluster, Revision revision) const {
    const auto found = pools_.find(cluster);
    if (found == pools_.end() || found->second->access()->revision < revision) return nullptr;
    return found->second;
  }

  void watch_secrets() {
    const auto seen = [this](const StoreEvent& event) {
      const Metadata& meta = event.object->meta();
      if (!meta.name.ends_with(kSecretSuffix)) return;
      const ClusterName cluster{meta.ns,
                                meta.name.substr(0, meta.name.size() - kSecretSuffix.size())};
      watches_.run([this, cluster] { secret_changed(cluster); });
    };
    // The revision is the current one, which no window has lost.
    auto watch = cache_.watch({"", "Secret"}, cache_.revision(), seen);
    if (watch.ok()) secrets_ = std::move(*watch);
  }

  void secret_changed(const ClusterName& cluster) {
    bool known = false;
    {
      const std::lock_guard lock(mutex_);
      known = pools_.count(cluster) > 0;
    }
    if (known) (void)pool_of(cluster);  // takes over or forgets; callers get the reason again
    changed(cluster);
  }

  void changed(const ClusterName& cluster) {
    std::function<void(const ClusterName&)> callback;
    {
      const std::lock_guard lock(mutex_);
      callback = on_change_;
    }
    if (callback) callback(cluster);
  }

  void tidy() {
    std::vector<PoolPtr> pools;
    {
      const std::lock_guard lock(mutex_);
      pools.reserve(pools_.size());
      for (const auto& [name, pool] : pools_) pools.push_back(pool);
    }
    for (const PoolPtr& pool : pools) pool->tidy();
  }

  WatchCache& cache_;
  Clock& clock_;
  Random& random_;
  const WorkloadOptions options_;

  const std::shared_ptr<std::atomic<bool>> interrupted_ =
      std::make_shared<std::atomic<bool>>(false);
  std::mutex mutex_;
  std::map<ClusterName, PoolPtr> pools_;
  std::function<void(const ClusterName&)> on_change_;

  // The Secrets' watch ends first, then the thread that it gives work to.
  NodeWatches watches_;
  std::unique_ptr<WatchHandle> secrets_;
};

}  // namespace

std::unique_ptr<WorkloadClusters> make_http_workload_clusters(WatchCache& cache, Clock& clock,
                                                              Random& random,
                                                              const WorkloadOptions& options) {
  return std::make_unique<HttpWorkloadClusters>(cache, clock, random, options);
}

}  // namespace capstan
