#include "plugins/python/watchdog.h"

#include <pybind11/pybind11.h>

#include <algorithm>

namespace capstan::python {
namespace {

namespace py = pybind11;

// How often calls under way are looked at. A call that ends in time costs nothing here.
constexpr std::chrono::milliseconds kPeriod{200};

int64_t now_ns() {  // CLOCK_MONOTONIC, as the deadlines
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

bool is_given_up(WatchedCall& watched, int64_t now) {
  if (watched.given_up_ns == 0 && CAPSTAN_HAS(watched.call, is_cancelled) &&
      watched.call->is_cancelled(watched.call->ctx) != 0) {
    watched.given_up_ns = now;
  }
  return watched.given_up_ns != 0;
}

bool is_due(WatchedCall& watched, std::chrono::milliseconds grace) {
  if (watched.interrupted || watched.call == nullptr) return false;
  const int64_t late = now_ns() - std::chrono::nanoseconds(grace).count();
  const int64_t deadline = watched.call->deadline_ns;
  if (deadline > 0 && deadline < late) return true;
  return is_given_up(watched, now_ns()) && watched.given_up_ns < late;
}

}  // namespace

Watchdog::Watchdog(std::chrono::milliseconds grace) : grace_(grace), thread_([this] { run(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

Watchdog::Watch::Watch(Watchdog& watchdog, const capstan_call* call) : watchdog_(watchdog) {
  const std::lock_guard lock(watchdog_.mutex_);
  call_ = watchdog_.calls_.insert(watchdog_.calls_.end(),
                                  WatchedCall{PyThread_get_thread_ident(), call});
}

Watchdog::Watch::~Watch() {
  const std::lock_guard lock(watchdog_.mutex_);
  // One that was thrown and has not arrived must not hit what the thread does next.
  if (call_->interrupted) PyThreadState_SetAsyncExc(call_->thread, nullptr);
  watchdog_.calls_.erase(call_);
}

void Watchdog::run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kPeriod, [this] { return stopping_; })) {
    const bool due = std::any_of(calls_.begin(), calls_.end(),
                                 [this](WatchedCall& watched) { return is_due(watched, grace_); });
    if (!due) continue;
    lock.unlock();
    interrupt();
    lock.lock();
  }
}

void Watchdog::interrupt() {
  const py::gil_scoped_acquire interpreter;
  const py::module_ sdk = py::module_::import("capstan.errors");
  const std::lock_guard lock(mutex_);
  for (WatchedCall& watched : calls_) {
    if (!is_due(watched, grace_)) continue;
    const char* kind = watched.given_up_ns != 0 ? "Cancelled" : "DeadlineExceeded";
    PyThreadState_SetAsyncExc(watched.thread, sdk.attr(kind).ptr());
    watched.interrupted = true;
  }
}

}  // namespace capstan::python
