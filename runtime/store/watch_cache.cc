#include "runtime/store/watch_cache.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <shared_mutex>

#include "runtime/store/cache_index.h"
#include "runtime/store/event_window.h"
#include "runtime/store/watchers.h"
#include "runtime/store/writer_first_mutex.h"

namespace capstan {
namespace {

Error future_revision(Revision after, Revision current) {
  return {Code::kExpired,
          "resourceVersion " + std::to_string(after) + " is newer than the store's, " +
              std::to_string(current) +
              ": the store was replaced or restored; list again and watch from the list's "
              "resourceVersion",
          {},
          {}};
}

void deliver_to(const std::shared_ptr<const WatcherList>& watchers, const StoreEvent& event) {
  if (watchers == nullptr) return;
  for (const WatcherPtr& watcher : *watchers) watcher->deliver(event);
}

class Cache final : public WatchCache {
 public:
  explicit Cache(const WatchCacheOptions& options)
      : keep_trees_(options.keep_trees),
        index_(options.references),
        window_(options.window, options.window_bytes) {}

  Result<void> start(Store& store);

  ObjectPtr get(const ObjectKey& key) const override {
    const std::shared_lock lock(mutex_);
    return index_.get(key);
  }
  ObjectPtr get_by_uid(const std::string& uid) const override {
    const std::shared_lock lock(mutex_);
    return index_.get_by_uid(uid);
  }
  ListResult list(const GroupKind& kind, const ListOptions& options) const override {
    const std::shared_lock lock(mutex_);
    return {revision_, index_.list(kind, options)};
  }
  std::vector<ObjectPtr> owned_by(const std::string& uid) const override {
    const std::shared_lock lock(mutex_);
    return index_.owned_by(uid);
  }
  std::vector<ObjectPtr> referring_to(const ObjectKey& key) const override {
    const std::shared_lock lock(mutex_);
    return index_.referring_to(key);
  }
  size_t count(const GroupKind& kind) const override {
    const std::shared_lock lock(mutex_);
    return index_.count(kind);
  }
  Revision revision() const override { return revision_; }

  Result<std::unique_ptr<WatchHandle>> watch(const GroupKind& kind, Revision after,
                                             WatchCallback callback) override;
  std::unique_ptr<WatchHandle> watch_all(WatchCallback callback) override;
  size_t drop_idle_trees() override;

 private:
  // Who is to be told of a commit's events, as they were when the events came into the cache.
  struct Deliveries {
    std::vector<std::shared_ptr<const WatcherList>> of_kind;  // one an event
    std::shared_ptr<const WatcherList> of_all;
  };

  void on_events(const std::vector<StoreEvent>& events);
  Deliveries take_in(const std::vector<StoreEvent>& events);
  std::vector<ObjectPtr> all_objects() const;

  const bool keep_trees_;
  mutable WriterFirstMutex mutex_;  // guards index_ and window_, and changes of the others
  CacheIndex index_;
  EventWindow window_;
  bool started_ = false;
  std::vector<StoreEvent> early_;  // came before the window had what was before them
  std::atomic<Revision> revision_ = 0;
  // Shared with the handles, which may outlive the cache.
  std::shared_ptr<WatcherRegistry> watchers_ = std::make_shared<WatcherRegistry>();
};

// Nobody else knows the cache yet, so the index is filled without its lock: the store holds its own
// meanwhile, and the two are always taken in the order store, cache.
Result<void> Cache::start(Store& store) {
  const Revision loaded =
      TRY(store.load([this](const ObjectPtr& object) { index_.replace(nullptr, object); },
                     [this](const std::vector<StoreEvent>& events) { on_events(events); }));
  const Revision oldest = store.oldest_resumable();
  Result<std::vector<StoreEvent>> log = store.events_after(oldest);
  if (!log.ok() && log.code() != Code::kExpired) return std::move(log).error();

  const std::scoped_lock lock(mutex_);
  window_.start_at(log.ok() ? std::min(oldest, loaded) : loaded);
  for (size_t i = 0; log.ok() && i < log->size() && (*log)[i].revision <= loaded; ++i) {
    window_.append(std::move((*log)[i]));
  }
  for (StoreEvent& event : std::exchange(early_, {})) window_.append(std::move(event));
  revision_ = std::max(revision_.load(), loaded);
  started_ = true;
  return {};
}

void Cache::on_events(const std::vector<StoreEvent>& events) {
  const Deliveries deliveries = take_in(events);
  for (size_t i = 0; i < events.size(); ++i) {
    deliver_to(deliveries.of_kind[i], events[i]);
    deliver_to(deliveries.of_all, events[i]);
  }
}

// The watchers are those of the same moment, so that an event is either in the backlog of a new
// watch or delivered to it.
Cache::Deliveries Cache::take_in(const std::vector<StoreEvent>& events) {
  Deliveries deliveries;
  deliveries.of_kind.reserve(events.size());
  const std::scoped_lock lock(mutex_);
  for (const StoreEvent& event : events) {
    if (!keep_trees_) event.object->drop_tree();
    index_.replace(event.previous, event.type == EventType::kDeleted ? nullptr : event.object);
    if (started_) {
      window_.append(event);
    } else {
      early_.push_back(event);
    }
    deliveries.of_kind.push_back(watchers_->of_kind(event.object->key().kind));
  }
  deliveries.of_all = watchers_->of_all();
  revision_ = events.back().revision;
  return deliveries;
}

Result<std::unique_ptr<WatchHandle>> Cache::watch(const GroupKind& kind, Revision after,
                                                  WatchCallback callback) {
  auto watcher = std::make_shared<Watcher>(std::move(callback));
  std::vector<StoreEvent> backlog;
  uint64_t id = 0;
  {
    const std::scoped_lock lock(mutex_);
    if (after > revision_) return future_revision(after, revision_);
    backlog = TRY(window_.after(kind, after));
    id = watchers_->add(&kind, watcher);
  }
  watcher->start(std::move(backlog));
  return make_watch_handle(watchers_, kind, id, std::move(watcher));
}

std::unique_ptr<WatchHandle> Cache::watch_all(WatchCallback callback) {
  auto watcher = std::make_shared<Watcher>(std::move(callback));
  watcher->start({});  // goes live: there is no backlog
  const std::scoped_lock lock(mutex_);
  const uint64_t id = watchers_->add(nullptr, watcher);
  return make_watch_handle(watchers_, std::nullopt, id, std::move(watcher));
}

// Each once: the newest state of an object is in the index and in the window.
std::vector<ObjectPtr> Cache::all_objects() const {
  std::vector<ObjectPtr> objects;
  {
    const std::shared_lock lock(mutex_);
    index_.append_all(objects);
    window_.append_all(objects);
  }
  std::sort(objects.begin(), objects.end());
  objects.erase(std::unique(objects.begin(), objects.end()), objects.end());
  return objects;
}

size_t Cache::drop_idle_trees() {
  size_t dropped = 0;
  for (const ObjectPtr& object : all_objects()) dropped += object->drop_idle_tree() ? 1 : 0;
  return dropped;
}

}  // namespace

Result<std::unique_ptr<WatchCache>> make_watch_cache(Store& store,
                                                     const WatchCacheOptions& options) {
  auto cache = std::make_unique<Cache>(options);
  TRY(cache->start(store));
  return std::unique_ptr<WatchCache>(std::move(cache));
}

}  // namespace capstan
