// The keys that a controller has to reconcile: each at most once in the queue and at most once in
// work, first come first served, with timers, backoff after failures and a limit on how often one
// key may run.
//
// A key that is added while it is in work runs once more afterwards. Taking a key forgets its
// timer: the reconcile that follows says anew when it wants to run. Every key may run
// `burst` times at once and then once every `refill`, so an object that changes all the time (or
// two writers that disagree) cannot occupy the workers. Between two runs it rests, so that changes
// that come together, its own among them, are seen together.
//
// Thread safety: all members from any thread. With one thread and a ManualClock the order is a
// function of the calls alone.
//
// Example:
//   queue.add(key);
//   if (const auto item = queue.take()) {
//     if (reconcile(item->key)) queue.done(item->key);
//     else queue.failed(item->key);
//   }
#pragma once

#include <deque>
#include <limits>
#include <mutex>
#include <optional>
#include <set>
#include <unordered_map>

#include "runtime/base/clock.h"
#include "runtime/base/random.h"
#include "runtime/object/object_key.h"

namespace capstan {

struct WorkQueueOptions {
  Duration base_delay = std::chrono::milliseconds(5);  // after the first failure; doubles
  Duration max_delay = std::chrono::seconds(60);
  double jitter = 0.2;  // delays are stretched by up to this share
  int burst = 50;
  Duration refill = std::chrono::milliseconds(200);
  Duration rest = Duration::zero();
};

class WorkQueue {
 public:
  struct Item {
    ObjectKey key;
    int failures = 0;                    // in a row
    Duration waited = Duration::zero();  // since it became ready
  };

  WorkQueue(Clock& clock, Random& random, WorkQueueOptions options = {});

  // These say whether the key was put off until a timer, by its allowance or as asked: whoever
  // waits for next_due() has to look at it anew.
  bool add(const ObjectKey& key);
  // Where the key has a timer already the earlier one stays.
  bool add_after(const ObjectKey& key, Duration delay);

  // The next key that is ready, now in work until one of the calls below; none where none is ready
  // or `max_active` keys are in work already.
  std::optional<Item> take(size_t max_active = std::numeric_limits<size_t>::max());

  // It went well: failures are forgotten; it runs again after `again`, if given.
  bool done(const ObjectKey& key, std::optional<Duration> again = std::nullopt);
  // It failed: it runs again after a backoff, but not before `at_least`.
  void failed(const ObjectKey& key, Duration at_least = Duration::zero());
  // Nothing came of it, and it is no failure: it runs again after `delay`.
  void postpone(const ObjectKey& key, Duration delay);
  // It lost a race with another writer: it runs again as soon as it may, no failure counted.
  void retry(const ObjectKey& key);

  // Makes the keys ready whose timers are due, as take() does. Gives whether there were any.
  bool release_due();
  // When the earliest timer is due.
  std::optional<MonotonicTime> next_due() const;
  size_t ready() const;      // keys that take() can give, timers that are due included
  size_t active() const;     // keys in work
  size_t size() const;       // ready and waiting for a timer
  uint64_t adds() const;     // how often a key became ready
  uint64_t retries() const;  // failed() and retry()

 private:
  struct Entry {
    bool queued = false;
    bool active = false;
    bool dirty = false;  // added while active
    int failures = 0;
    std::optional<MonotonicTime> due;
    MonotonicTime ready_since{};
    double tokens = 0;  // runs it may make at once, as of tokens_at
    MonotonicTime tokens_at{};
    MonotonicTime rested_at{};  // when it may run again
  };
  using Entries = std::unordered_map<ObjectKey, Entry>;

  Entry& entry(const ObjectKey& key, MonotonicTime now);
  bool add_locked(const ObjectKey& key, Entry& entry, MonotonicTime now);
  void push(const ObjectKey& key, Entry& entry, MonotonicTime now);
  void set_timer(const ObjectKey& key, Entry& entry, MonotonicTime due);
  void clear_timer(const ObjectKey& key, Entry& entry);
  bool promote_due(MonotonicTime now);
  bool finish(const ObjectKey& key, Entry& entry, MonotonicTime now);
  double tokens(const Entry& entry, MonotonicTime now) const;
  void refill(Entry& entry, MonotonicTime now) const;
  bool idle(const Entry& entry, MonotonicTime now) const;
  void sweep(MonotonicTime now);
  Duration backoff(int failures);

  Clock& clock_;
  Random& random_;
  const WorkQueueOptions options_;
  mutable std::mutex mutex_;
  Entries entries_;
  std::deque<ObjectKey> ready_;
  std::set<std::pair<MonotonicTime, ObjectKey>> timers_;
  size_t active_ = 0;
  uint64_t adds_ = 0;
  uint64_t retries_ = 0;
  size_t sweep_at_ = 1024;
};

}  // namespace capstan
