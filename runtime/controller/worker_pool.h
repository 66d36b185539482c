// Threads that do the manager's work: as many as there is work for, up to a limit, and one that
// waits for timers.
//
// Thread safety: wake() and wake_timer() from any thread, start() and stop() from one.
// Lifetime: the functions are called until stop() returns.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "runtime/base/clock.h"

namespace capstan {

class WorkerPool {
 public:
  struct Options {
    std::function<bool()> step;  // does one piece of work; false where there was none
    // Wakes for what is due by now, and says when the next is.
    std::function<std::optional<MonotonicTime>()> release_due;
    int max_threads = 32;
  };

  explicit WorkerPool(Options options);
  ~WorkerPool();

  void start();
  // Waits for the pieces of work that are being done; starts no more.
  void stop();
  // There is work: wakes an idle thread or adds one. Does nothing before start().
  void wake();
  // A timer was set that may be earlier than those before.
  void wake_timer();

 private:
  void work();
  void watch_timers();

  const Options options_;
  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable timer_;
  std::vector<std::thread> threads_;
  std::thread timer_thread_;
  bool running_ = false;
  bool timer_changed_ = false;
  int idle_ = 0;
  int wanted_ = 0;  // wake-ups that no thread has taken yet
};

}  // namespace capstan
