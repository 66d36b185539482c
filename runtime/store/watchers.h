// Open watches: who is told of the events of which kind, and the guarantees of their ends.
//
// Thread safety: all members from any thread. Callbacks run without any lock but the watch's own.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "runtime/store/watch_cache.h"

namespace capstan {

// One open watch.
class Watcher {
 public:
  explicit Watcher(WatchCallback callback) : callback_(std::move(callback)) {}

  // Delivers `backlog` on the calling thread, then whatever came meanwhile; from then on deliver()
  // calls back by itself. A slow callback so holds up its own watch() and never the writer.
  void start(std::vector<StoreEvent> backlog);
  void deliver(const StoreEvent& event);
  // Returns when no callback runs any more, except where the callback itself calls it.
  void close();

 private:
  // Recursive: a callback may close its own watch.
  std::recursive_mutex mutex_;
  WatchCallback callback_;
  bool live_ = false;
  bool closed_ = false;
  bool running_ = false;
  std::vector<StoreEvent> pending_;  // what came before start() was through
};

using WatcherPtr = std::shared_ptr<Watcher>;
using WatcherList = std::vector<WatcherPtr>;

// The watchers of one kind (or of all), in the order in which they came. A snapshot is made anew
// only after a change, so that delivery costs what the watchers of that kind cost.
class WatcherSet {
 public:
  void add(uint64_t id, WatcherPtr watcher);
  void remove(uint64_t id);
  std::shared_ptr<const WatcherList> snapshot();
  bool empty() const { return watchers_.empty(); }

 private:
  std::map<uint64_t, WatcherPtr> watchers_;
  std::shared_ptr<const WatcherList> snapshot_;
};

class WatcherRegistry {
 public:
  // Null kind: of all kinds.
  uint64_t add(const GroupKind* kind, const WatcherPtr& watcher);
  void remove(const GroupKind* kind, uint64_t id);

  // Those to be told of an event of this kind; null where there are none.
  std::shared_ptr<const WatcherList> of_kind(const GroupKind& kind);
  std::shared_ptr<const WatcherList> of_all();

 private:
  std::mutex mutex_;
  uint64_t last_id_ = 0;
  std::unordered_map<GroupKind, WatcherSet> kinds_;
  WatcherSet all_;
};

// Lifetime: may outlive the cache.
std::unique_ptr<WatchHandle> make_watch_handle(std::shared_ptr<WatcherRegistry> registry,
                                               std::optional<GroupKind> kind, uint64_t id,
                                               WatcherPtr watcher);

}  // namespace capstan
