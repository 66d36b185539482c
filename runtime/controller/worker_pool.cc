#include "runtime/controller/worker_pool.h"

#include <utility>

namespace capstan {

WorkerPool::WorkerPool(Options options) : options_(std::move(options)) {}

WorkerPool::~WorkerPool() {
  stop();
}

void WorkerPool::start() {
  const std::scoped_lock lock(mutex_);
  running_ = true;
  timer_thread_ = std::thread([this] { watch_timers(); });
}

void WorkerPool::stop() {
  {
    const std::scoped_lock lock(mutex_);
    running_ = false;
    work_.notify_all();
    timer_.notify_all();
  }
  if (timer_thread_.joinable()) timer_thread_.join();
  for (auto& thread : threads_) thread.join();  // none is added once running_ is false
  threads_.clear();
}

void WorkerPool::wake() {
  const std::scoped_lock lock(mutex_);
  if (!running_) return;
  if (wanted_ < idle_) {
    ++wanted_;
    work_.notify_one();
  } else if (static_cast<int>(threads_.size()) < options_.max_threads) {
    threads_.emplace_back([this] { work(); });
  } else {
    // All are busy: the next that would go idle looks once more.
    wanted_ = idle_ + 1;
  }
}

void WorkerPool::wake_timer() {
  const std::scoped_lock lock(mutex_);
  timer_changed_ = true;
  timer_.notify_one();
}

void WorkerPool::work() {
  std::unique_lock lock(mutex_);
  while (running_) {
    lock.unlock();
    const bool worked = options_.step();
    lock.lock();
    if (worked) continue;
    ++idle_;
    work_.wait(lock, [this] { return wanted_ > 0 || !running_; });
    --idle_;
    if (wanted_ > 0) --wanted_;
  }
}

void WorkerPool::watch_timers() {
  std::unique_lock lock(mutex_);
  while (running_) {
    timer_changed_ = false;
    lock.unlock();
    const auto due = options_.release_due();
    lock.lock();
    const auto changed = [this] { return timer_changed_ || !running_; };
    if (!due) {
      timer_.wait(lock, changed);
      continue;
    }
    timer_.wait_until(lock, *due, changed);
  }
}

}  // namespace capstan
