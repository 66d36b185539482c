#include "runtime/workload/node_watches.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <map>
#include <set>
#include <thread>

#include "runtime/workload/node_watch.h"

namespace capstan {

class NodeWatches::Engine {
 public:
  Engine(const NodeWatchOptions& options, Random& random,
         std::function<void(const ClusterName&)> on_change)
      : options_(options),
        random_(random),
        on_change_(std::move(on_change)),
        context_(make_client_context()),
        flush_timer_(io_),
        thread_([this] { io_.run(); }) {}

  ~Engine() {
    io_.stop();
    thread_.join();
    watches_.clear();  // their timers belong to io_
  }

  void open(const ClusterAccessPtr& access) {
    std::shared_ptr<NodeWatch> before, after;
    {
      const std::lock_guard lock(mutex_);
      std::shared_ptr<NodeWatch>& slot = watches_[access->cluster];
      if (slot && slot->access()->revision >= access->revision) return;
      before = std::move(slot);
      slot = after = std::make_shared<NodeWatch>(
          io_.get_executor(),
          NodeWatch::Shared{options_, random_, context_.get(),
                            [this](const ClusterName& cluster) { changed(cluster); }},
          access);
    }
    net::post(io_, [this, before, after] {
      if (before) before->stop();
      net::co_spawn(io_, after->run(), net::detached);
    });
  }

  void close(const ClusterName& cluster) {
    std::shared_ptr<NodeWatch> watch;
    {
      const std::lock_guard lock(mutex_);
      const auto found = watches_.find(cluster);
      if (found == watches_.end()) return;
      watch = std::move(found->second);
      watches_.erase(found);
    }
    net::post(io_, [watch] { watch->stop(); });
  }

  std::shared_ptr<NodeWatch> find(const ClusterName& cluster) const {
    const std::lock_guard lock(mutex_);
    const auto found = watches_.find(cluster);
    return found == watches_.end() ? nullptr : found->second;
  }

  void suspect(const ClusterAccessPtr& access, const Error& failure) {
    open(access);
    const auto watch = find(access->cluster);
    if (!watch || !watch->suspect(failure)) return;
    net::post(io_, [this, watch] {
      watch->retry_now();
      changed(watch->access()->cluster);
    });
  }

  void run(std::function<void()> work) { net::post(io_, std::move(work)); }

  void run_every(Duration period, std::function<void()> work) {
    net::post(io_, [this, period, work = std::move(work)] {
      timers_.push_back(std::make_unique<net::steady_timer>(io_));
      tick(*timers_.back(), period, work);
    });
  }

 private:
  void tick(net::steady_timer& timer, Duration period, std::function<void()> work) {
    timer.expires_after(period);
    timer.async_wait([this, &timer, period, work = std::move(work)](boost::system::error_code no) {
      if (no) return;
      work();
      tick(timer, period, work);
    });
  }

  // On the thread. Told once for all that happens within a short while.
  void changed(const ClusterName& cluster) {
    changed_.insert(cluster);
    if (changed_.size() > 1) return;
    flush_timer_.expires_after(options_.coalesce);
    flush_timer_.async_wait([this](boost::system::error_code cancelled) {
      if (cancelled) return;
      for (const ClusterName& name : std::exchange(changed_, {})) on_change_(name);
    });
  }

  const NodeWatchOptions options_;
  Random& random_;
  const std::function<void(const ClusterName&)> on_change_;
  const openssl::ContextPtr context_;

  mutable std::mutex mutex_;
  std::map<ClusterName, std::shared_ptr<NodeWatch>> watches_;

  // Destroyed first, with the coroutines that it holds.
  net::io_context io_{1};
  net::executor_work_guard<net::io_context::executor_type> work_{io_.get_executor()};
  net::steady_timer flush_timer_;
  std::vector<std::unique_ptr<net::steady_timer>> timers_;
  std::set<ClusterName> changed_;
  std::thread thread_;
};

NodeWatches::NodeWatches(const NodeWatchOptions& options, Random& random,
                         std::function<void(const ClusterName&)> on_change)
    : engine_(std::make_unique<Engine>(options, random, std::move(on_change))) {}

NodeWatches::~NodeWatches() = default;

void NodeWatches::open(const ClusterAccessPtr& access) {
  engine_->open(access);
}
void NodeWatches::close(const ClusterName& cluster) {
  engine_->close(cluster);
}

bool NodeWatches::is_open(const ClusterName& cluster) const {
  return engine_->find(cluster) != nullptr;
}

void NodeWatches::suspect(const ClusterAccessPtr& access, const Error& failure) {
  engine_->suspect(access, failure);
}

Result<void> NodeWatches::reachable(const ClusterName& cluster) const {
  const auto watch = engine_->find(cluster);
  return watch ? watch->reachable() : Result<void>();
}

Result<std::vector<NodePtr>> NodeWatches::nodes(const ClusterName& cluster) const {
  const auto watch = engine_->find(cluster);
  if (watch) return watch->nodes();
  return Error::unavailable("the Nodes of " + cluster.ns + "/" + cluster.name + " are not watched");
}

void NodeWatches::run(std::function<void()> work) {
  engine_->run(std::move(work));
}

void NodeWatches::run_every(Duration period, std::function<void()> work) {
  engine_->run_every(period, std::move(work));
}

}  // namespace capstan
