#include "runtime/controller/work_queue.h"

#include <algorithm>
#include <cassert>

namespace capstan {

WorkQueue::WorkQueue(Clock& clock, Random& random, WorkQueueOptions options)
    : clock_(clock), random_(random), options_(options) {}

WorkQueue::Entry& WorkQueue::entry(const ObjectKey& key, MonotonicTime now) {
  const auto [found, added] = entries_.try_emplace(key);
  if (added) {
    found->second.tokens = options_.burst;
    found->second.tokens_at = now;
  }
  return found->second;
}

bool WorkQueue::add(const ObjectKey& key) {
  const std::scoped_lock lock(mutex_);
  const MonotonicTime now = clock_.monotonic();
  return add_locked(key, entry(key, now), now);
}

bool WorkQueue::add_locked(const ObjectKey& key, Entry& entry, MonotonicTime now) {
  if (entry.active) {
    entry.dirty = true;
    return false;
  }
  if (entry.queued) return false;
  refill(entry, now);
  MonotonicTime due = std::max(now, entry.rested_at);
  if (entry.tokens < 1) {
    const double missing = (1 - entry.tokens) * static_cast<double>(options_.refill.count());
    due = std::max(due, now + Duration(static_cast<Duration::rep>(missing) + 1));
  }
  if (due <= now) {
    push(key, entry, now);
    return false;
  }
  set_timer(key, entry, due);
  return true;
}

void WorkQueue::push(const ObjectKey& key, Entry& entry, MonotonicTime now) {
  ++adds_;
  entry.queued = true;
  entry.ready_since = now;
  ready_.push_back(key);
}

bool WorkQueue::add_after(const ObjectKey& key, Duration delay) {
  const std::scoped_lock lock(mutex_);
  const MonotonicTime now = clock_.monotonic();
  Entry& item = entry(key, now);
  if (delay <= Duration::zero()) return add_locked(key, item, now);
  set_timer(key, item, now + delay);
  return true;
}

void WorkQueue::set_timer(const ObjectKey& key, Entry& entry, MonotonicTime due) {
  if (entry.due && *entry.due <= due) return;
  clear_timer(key, entry);
  entry.due = due;
  timers_.emplace(due, key);
}

void WorkQueue::clear_timer(const ObjectKey& key, Entry& entry) {
  if (!entry.due) return;
  timers_.erase({*entry.due, key});
  entry.due.reset();
}

bool WorkQueue::promote_due(MonotonicTime now) {
  bool any = false;
  while (!timers_.empty() && timers_.begin()->first <= now) {
    const ObjectKey key = timers_.begin()->second;
    Entry& item = entries_.at(key);
    clear_timer(key, item);
    if (item.active) {
      item.dirty = true;
    } else if (!item.queued) {
      push(key, item, now);
      any = true;
    }
  }
  return any;
}

bool WorkQueue::release_due() {
  const std::scoped_lock lock(mutex_);
  return promote_due(clock_.monotonic());
}

std::optional<WorkQueue::Item> WorkQueue::take(size_t max_active) {
  const std::scoped_lock lock(mutex_);
  const MonotonicTime now = clock_.monotonic();
  promote_due(now);
  if (ready_.empty() || active_ >= max_active) return std::nullopt;
  ObjectKey key = std::move(ready_.front());
  ready_.pop_front();
  Entry& item = entries_.at(key);
  clear_timer(key, item);
  refill(item, now);
  item.queued = false;
  item.active = true;
  item.tokens = std::max(0.0, item.tokens - 1);
  ++active_;
  return Item{std::move(key), item.failures, now - item.ready_since};
}

bool WorkQueue::finish(const ObjectKey& key, Entry& entry, MonotonicTime now) {
  assert(entry.active);
  entry.active = false;
  --active_;
  entry.rested_at = now + options_.rest;
  if (!entry.dirty) return false;
  entry.dirty = false;
  return add_locked(key, entry, now);
}

bool WorkQueue::done(const ObjectKey& key, std::optional<Duration> again) {
  const std::scoped_lock lock(mutex_);
  const MonotonicTime now = clock_.monotonic();
  Entry& item = entries_.at(key);
  item.failures = 0;
  const bool put_off = finish(key, item, now) || again.has_value();
  if (again) set_timer(key, item, now + std::max(*again, Duration(1)));
  if (idle(item, now)) {
    entries_.erase(key);
  } else if (entries_.size() >= sweep_at_) {
    sweep(now);
  }
  return put_off;
}

void WorkQueue::failed(const ObjectKey& key, Duration at_least) {
  const std::scoped_lock lock(mutex_);
  const MonotonicTime now = clock_.monotonic();
  Entry& item = entries_.at(key);
  ++retries_;
  ++item.failures;
  finish(key, item, now);
  set_timer(key, item, now + std::max(backoff(item.failures), at_least));
}

void WorkQueue::postpone(const ObjectKey& key, Duration delay) {
  const std::scoped_lock lock(mutex_);
  const MonotonicTime now = clock_.monotonic();
  Entry& item = entries_.at(key);
  finish(key, item, now);
  set_timer(key, item, now + delay);
}

void WorkQueue::retry(const ObjectKey& key) {
  const std::scoped_lock lock(mutex_);
  Entry& item = entries_.at(key);
  ++retries_;
  item.dirty = true;
  finish(key, item, clock_.monotonic());
}

Duration WorkQueue::backoff(int failures) {
  Duration delay = options_.base_delay;
  for (int i = 1; i < failures && delay < options_.max_delay; ++i) delay *= 2;
  delay = std::min(delay, options_.max_delay);
  const double stretch = 1 + options_.jitter * random_.fraction();
  return Duration(static_cast<Duration::rep>(static_cast<double>(delay.count()) * stretch));
}

double WorkQueue::tokens(const Entry& entry, MonotonicTime now) const {
  const double gained = static_cast<double>((now - entry.tokens_at).count()) /
                        static_cast<double>(options_.refill.count());
  return std::min<double>(options_.burst, entry.tokens + gained);
}

void WorkQueue::refill(Entry& entry, MonotonicTime now) const {
  entry.tokens = tokens(entry, now);
  entry.tokens_at = now;
}

bool WorkQueue::idle(const Entry& entry, MonotonicTime now) const {
  return !entry.queued && !entry.active && !entry.dirty && !entry.due && entry.failures == 0 &&
         entry.rested_at <= now && tokens(entry, now) >= options_.burst;
}

// Forgets keys that nothing is known of but an old allowance. Amortised: runs when the number of
// keys has doubled.
void WorkQueue::sweep(MonotonicTime now) {
  std::erase_if(entries_, [&](const auto& pair) { return idle(pair.second, now); });
  sweep_at_ = std::max<size_t>(1024, entries_.size() * 2);
}

std::optional<MonotonicTime> WorkQueue::next_due() const {
  const std::scoped_lock lock(mutex_);
  if (timers_.empty()) return std::nullopt;
  return timers_.begin()->first;
}

size_t WorkQueue::ready() const {
  const std::scoped_lock lock(mutex_);
  const MonotonicTime now = clock_.monotonic();
  size_t count = ready_.size();
  for (auto timer = timers_.begin(); timer != timers_.end() && timer->first <= now; ++timer) {
    ++count;
  }
  return count;
}

size_t WorkQueue::active() const {
  const std::scoped_lock lock(mutex_);
  return active_;
}

size_t WorkQueue::size() const {
  const std::scoped_lock lock(mutex_);
  return ready_.size() + timers_.size();
}

uint64_t WorkQueue::adds() const {
  const std::scoped_lock lock(mutex_);
  return adds_;
}

uint64_t WorkQueue::retries() const {
  const std::scoped_lock lock(mutex_);
  return retries_;
}

}  // namespace capstan
