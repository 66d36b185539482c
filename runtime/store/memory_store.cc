#include <atomic>
#include <deque>
#include <mutex>
#include <thread>

#include "runtime/store/object_table.h"
#include "runtime/store/store.h"

namespace capstan {
namespace {

// The caller of commit() is the writer: whoever holds the mutex.
class MemoryStore final : public Store {
 public:
  explicit MemoryStore(const MemoryStoreOptions& options) : options_(options) {}

  Result<std::vector<ObjectPtr>> commit(std::vector<Write> writes) override {
    if (writer_ == std::this_thread::get_id()) return commit_by_listener();
    const std::scoped_lock lock(mutex_);
    std::vector<StoreEvent> events = TRY(table_.apply(writes, revision_));
    if (events.empty()) return std::vector<ObjectPtr>();
    revision_ = events.back().revision;
    log_.insert(log_.end(), events.begin(), events.end());
    while (log_.size() > options_.keep_events) log_.pop_front();
    if (listener_) {
      writer_ = std::this_thread::get_id();
      listener_(events);
      writer_ = std::thread::id();
    }
    return written_objects(events);
  }

  Result<Revision> load(const std::function<void(ObjectPtr)>& each,
                        StoreListener listener) override {
    const std::scoped_lock lock(mutex_);
    for (const ObjectPtr& object : table_.objects()) each(object);
    listener_ = std::move(listener);
    return revision_.load();
  }

  Result<std::vector<StoreEvent>> events_after(Revision after) override {
    const std::scoped_lock lock(mutex_);
    if (after < log_start()) return events_expired(after, log_start());
    const auto first =
        log_.end() - static_cast<ptrdiff_t>(revision_ - std::min(after, revision_.load()));
    return std::vector<StoreEvent>(first, log_.end());
  }

  Revision oldest_resumable() override {
    const std::scoped_lock lock(mutex_);
    return log_start();
  }

  // Without the mutex: a listener may ask while a commit holds it.
  Revision revision() const override { return revision_; }

 private:
  // Revisions have no gaps, so the log's length says where it starts.
  Revision log_start() const { return revision_ - log_.size(); }

  const MemoryStoreOptions options_;
  std::mutex mutex_;
  ObjectTable table_;
  std::deque<StoreEvent> log_;
  std::atomic<Revision> revision_ = 0;
  StoreListener listener_;
  std::atomic<std::thread::id> writer_{};  // whose listener runs
};

}  // namespace

std::unique_ptr<Store> make_memory_store(const MemoryStoreOptions& options) {
  return std::make_unique<MemoryStore>(options);
}

}  // namespace capstan
