#include <spdlog/spdlog.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include "runtime/store/sqlite_tables.h"

namespace capstan {
namespace {

// A transaction takes the batches that queued while the one before it synced, up to so many writes,
// so that no commit waits behind an endless one.
constexpr size_t kMaxGroupWrites = 512;

// What one call of commit() asks for.
struct Batch {
  std::vector<Write> writes;
  std::promise<Result<std::vector<ObjectPtr>>> answer;
};
using BatchPtr = std::unique_ptr<Batch>;

class SqliteStore final : public Store {
 public:
  explicit SqliteStore(const SqliteOptions& options) : options_(options) {}
  ~SqliteStore() override;

  Result<void> start();

  Result<std::vector<ObjectPtr>> commit(std::vector<Write> writes) override;
  Result<Revision> load(const std::function<void(ObjectPtr)>& each,
                        StoreListener listener) override;
  Result<std::vector<StoreEvent>> events_after(Revision after) override;
  Revision oldest_resumable() override;
  Revision revision() const override { return revision_; }

 private:
  using Answers = std::vector<Result<std::vector<ObjectPtr>>>;
  using Events = std::vector<StoreEvent>;

  void run();
  std::vector<BatchPtr> take_group();
  Answers commit_group(const std::vector<BatchPtr>& group);
  Answers commit_each(const std::vector<BatchPtr>& group);
  Result<void> store_events(const Events& events);
  Result<void> write_events(const Events& events);
  Result<void> find_out(const Events& events, Error cause);
  Result<bool> reopen(const Events& events);
  Result<void> recover();
  void publish(const Events& events);
  void maintain();
  bool is_queue_empty();

  const SqliteOptions options_;

  std::mutex queue_mutex_;
  std::condition_variable queued_;
  std::deque<BatchPtr> queue_;
  bool stopping_ = false;

  // Guards what is below; the writer holds it for a whole transaction.
  std::mutex mutex_;
  std::unique_ptr<SqliteTables> tables_;  // null while the file could not be opened again
  ObjectTable table_;
  StoreListener listener_;
  // A transaction of which nobody knows yet whether it is in the file.
  Events uncertain_;

  std::atomic<Revision> revision_ = 0;
  std::thread writer_;
};

SqliteStore::~SqliteStore() {
  {
    const std::scoped_lock lock(queue_mutex_);
    stopping_ = true;
  }
  queued_.notify_one();
  if (writer_.joinable()) writer_.join();
}

Result<void> SqliteStore::start() {
  tables_ = TRY(SqliteTables::open(options_));
  TRY(tables_->load(table_));
  revision_ = TRY(tables_->last_revision());
  writer_ = std::thread([this] { run(); });
  return {};
}

Result<std::vector<ObjectPtr>> SqliteStore::commit(std::vector<Write> writes) {
  if (writes.empty()) return std::vector<ObjectPtr>();
  if (std::this_thread::get_id() == writer_.get_id()) {
    return commit_by_listener();
  }
  auto batch = std::make_unique<Batch>();
  batch->writes = std::move(writes);
  auto answer = batch->answer.get_future();
  {
    const std::scoped_lock lock(queue_mutex_);
    queue_.push_back(std::move(batch));
  }
  queued_.notify_one();
  return answer.get();
}

Result<Revision> SqliteStore::load(const std::function<void(ObjectPtr)>& each,
                                   StoreListener listener) {
  const std::scoped_lock lock(mutex_);
  for (const ObjectPtr& object : table_.objects()) each(object);
  listener_ = std::move(listener);
  return revision_.load();
}

Result<std::vector<StoreEvent>> SqliteStore::events_after(Revision after) {
  const std::scoped_lock lock(mutex_);
  if (tables_ == nullptr) TRY(recover());
  return tables_->events_after(after, table_);
}

Revision SqliteStore::oldest_resumable() {
  const std::scoped_lock lock(mutex_);
  return tables_ == nullptr ? revision_.load() : tables_->oldest_resumable();
}

void SqliteStore::run() {
  for (;;) {
    const std::vector<BatchPtr> group = take_group();
    if (group.empty()) return;
    Answers answers;
    {
      const std::scoped_lock lock(mutex_);
      answers = commit_group(group);
    }
    for (size_t i = 0; i < group.size(); ++i) group[i]->answer.set_value(std::move(answers[i]));
    maintain();
  }
}

// Empty when the store is to stop and everything was done.
std::vector<BatchPtr> SqliteStore::take_group() {
  std::unique_lock lock(queue_mutex_);
  queued_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  std::vector<BatchPtr> group;
  for (size_t writes = 0; !queue_.empty() && writes < kMaxGroupWrites;) {
    writes += queue_.front()->writes.size();
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return group;
}

// A batch that is refused says so only when the others are durable: it may have been refused for
// what they wrote. Where the transaction fails, each batch has its own.
SqliteStore::Answers SqliteStore::commit_group(const std::vector<BatchPtr>& group) {
  if (tables_ == nullptr) {
    if (const Result<void> recovered = recover(); !recovered.ok()) {
      return Answers(group.size(), recovered.error());
    }
  }
  Answers answers;
  Events events;
  for (const BatchPtr& batch : group) {
    Result<Events> applied = table_.apply(batch->writes, revision_ + events.size());
    if (!applied.ok()) {
      answers.push_back(std::move(applied).error());
      continue;
    }
    answers.push_back(written_objects(*applied));
    std::move(applied->begin(), applied->end(), std::back_inserter(events));
  }
  if (events.empty()) return answers;
  Result<void> stored = store_events(events);
  if (stored.ok()) {
    publish(events);
    return answers;
  }
  table_.undo(events);
  if (group.size() == 1 || !uncertain_.empty()) return Answers(group.size(), stored.error());
  return commit_each(group);
}

SqliteStore::Answers SqliteStore::commit_each(const std::vector<BatchPtr>& group) {
  Answers answers;
  for (const BatchPtr& batch : group) {
    std::vector<BatchPtr> alone;
    alone.push_back(std::make_unique<Batch>());
    alone[0]->writes = batch->writes;
    answers.push_back(commit_group(alone)[0]);
  }
  return answers;
}

// Success means durable, an error that nothing of it is stored, unless uncertain_ says otherwise.
Result<void> SqliteStore::store_events(const Events& events) {
  Result<void> written = write_events(events);
  if (!written.ok()) {
    if (tables_->rollback().ok()) return written;
    return find_out(events, std::move(written).error());
  }
  Result<void> committed = tables_->commit();
  if (committed.ok()) return {};
  return find_out(events, std::move(committed).error());
}

Result<void> SqliteStore::write_events(const Events& events) {
  TRY(tables_->begin());
  for (const StoreEvent& event : events) TRY(tables_->write(event));
  // Faster than the log grows, so that a bound that was lowered is reached soon.
  return tables_->compact(2 * events.size() + 8);
}

// After a commit that failed half-way (its sync, say) only the file knows what it has. It is opened
// again, which reads it as after a crash, and the view follows it.
Result<void> SqliteStore::find_out(const Events& events, Error cause) {
  tables_.reset();
  const Result<bool> is_stored = reopen(events);
  if (!is_stored.ok()) {
    uncertain_ = events;
    return std::move(cause).with_context(
        "whether the write is stored is not known until the file can be opened again");
  }
  if (*is_stored) return {};
  return cause;
}

// Whether the file has the events, once it could be opened.
Result<bool> SqliteStore::reopen(const Events& events) {
  auto tables = TRY(SqliteTables::open(options_));
  const bool is_stored = !events.empty() && TRY(tables->last_revision()) == events.back().revision;
  // They reached the file, but their sync failed: written once more elsewhere, and synced, they are
  // safe.
  if (is_stored) TRY(tables->checkpoint());
  tables_ = std::move(tables);
  return is_stored;
}

Result<void> SqliteStore::recover() {
  if (!TRY(reopen(uncertain_))) {
    uncertain_.clear();
    return {};
  }
  const Events events = std::exchange(uncertain_, {});
  table_.redo(events);
  publish(events);
  return {};
}

void SqliteStore::publish(const Events& events) {
  revision_ = events.back().revision;
  if (listener_) listener_(events);
}

void SqliteStore::maintain() {
  const bool idle = is_queue_empty();
  const std::scoped_lock lock(mutex_);
  if (tables_ == nullptr) return;
  const Result<void> done = tables_->maintain(idle);
  if (!done.ok()) spdlog::warn("store: upkeep is postponed: {}", done.error().message);
}

bool SqliteStore::is_queue_empty() {
  const std::scoped_lock lock(queue_mutex_);
  return queue_.empty();
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const SqliteOptions& options) {
  auto store = std::make_unique<SqliteStore>(options);
  TRY(store->start());
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace capstan
