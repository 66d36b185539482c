#include "runtime/store/watchers.h"

namespace capstan {
namespace {

class Handle final : public WatchHandle {
 public:
  Handle(std::shared_ptr<WatcherRegistry> registry, std::optional<GroupKind> kind, uint64_t id,
         WatcherPtr watcher)
      : registry_(std::move(registry)),
        kind_(std::move(kind)),
        id_(id),
        watcher_(std::move(watcher)) {}

  ~Handle() override {
    registry_->remove(kind_.has_value() ? &*kind_ : nullptr, id_);
    // A delivery that took its snapshot before still holds the watcher.
    watcher_->close();
  }

 private:
  std::shared_ptr<WatcherRegistry> registry_;
  std::optional<GroupKind> kind_;
  uint64_t id_;
  WatcherPtr watcher_;
};

}  // namespace

void Watcher::start(std::vector<StoreEvent> backlog) {
  for (;;) {
    for (const StoreEvent& event : backlog) callback_(event);
    const std::scoped_lock lock(mutex_);
    if (pending_.empty()) {
      live_ = true;
      pending_.shrink_to_fit();
      return;
    }
    backlog = std::exchange(pending_, {});
  }
}

void Watcher::deliver(const StoreEvent& event) {
  const std::scoped_lock lock(mutex_);
  if (closed_) return;
  if (!live_) {
    pending_.push_back(event);
    return;
  }
  running_ = true;
  callback_(event);
  running_ = false;
  if (closed_) callback_ = nullptr;
}

void Watcher::close() {
  const std::scoped_lock lock(mutex_);
  closed_ = true;
  // What the callback holds goes now, not when the last snapshot with this watcher goes; but a
  // callback that closes its own watch still runs.
  if (!running_) callback_ = nullptr;
}

void WatcherSet::add(uint64_t id, WatcherPtr watcher) {
  watchers_.emplace(id, std::move(watcher));
  snapshot_ = nullptr;
}

void WatcherSet::remove(uint64_t id) {
  watchers_.erase(id);
  snapshot_ = nullptr;
}

std::shared_ptr<const WatcherList> WatcherSet::snapshot() {
  if (snapshot_ == nullptr && !watchers_.empty()) {
    auto list = std::make_shared<WatcherList>();
    list->reserve(watchers_.size());
    for (const auto& [id, watcher] : watchers_) list->push_back(watcher);
    snapshot_ = std::move(list);
  }
  return snapshot_;
}

uint64_t WatcherRegistry::add(const GroupKind* kind, const WatcherPtr& watcher) {
  const std::scoped_lock lock(mutex_);
  const uint64_t id = ++last_id_;
  (kind == nullptr ? all_ : kinds_[*kind]).add(id, watcher);
  return id;
}

void WatcherRegistry::remove(const GroupKind* kind, uint64_t id) {
  const std::scoped_lock lock(mutex_);
  if (kind == nullptr) return all_.remove(id);
  const auto found = kinds_.find(*kind);
  if (found == kinds_.end()) return;
  found->second.remove(id);
  if (found->second.empty()) kinds_.erase(found);
}

std::shared_ptr<const WatcherList> WatcherRegistry::of_kind(const GroupKind& kind) {
  const std::scoped_lock lock(mutex_);
  const auto found = kinds_.find(kind);
  return found == kinds_.end() ? nullptr : found->second.snapshot();
}

std::shared_ptr<const WatcherList> WatcherRegistry::of_all() {
  const std::scoped_lock lock(mutex_);
  return all_.snapshot();
}

std::unique_ptr<WatchHandle> make_watch_handle(std::shared_ptr<WatcherRegistry> registry,
                                               std::optional<GroupKind> kind, uint64_t id,
                                               WatcherPtr watcher) {
  return std::make_unique<Handle>(std::move(registry), std::move(kind), id, std::move(watcher));
}

}  // namespace capstan
