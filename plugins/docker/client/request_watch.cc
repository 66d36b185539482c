#include "plugins/docker/client/request_watch.h"

#include <utility>

namespace capstan::docker {
namespace {

constexpr auto kLookEvery = std::chrono::milliseconds(100);

}  // namespace

RequestWatch::Request::Request(RequestWatch& watch, std::function<void()> stop)
    : watch_(watch), call_(CallScope::current()), stop_(std::move(stop)) {
  if (call_ == nullptr) return;
  const std::lock_guard lock(watch_.mutex_);
  watch_.requests_.push_back(this);
  if (!watch_.thread_.joinable()) watch_.thread_ = std::thread([&watch] { watch.run(); });
  if (watch_.requests_.size() == 1) watch_.wake_.notify_all();
}

RequestWatch::Request::~Request() {
  if (call_ == nullptr) return;
  const std::lock_guard lock(watch_.mutex_);
  std::erase(watch_.requests_, this);
}

std::optional<sdk::Error> RequestWatch::Request::given_up() const {
  const std::lock_guard lock(watch_.mutex_);
  return reason_;
}

RequestWatch::~RequestWatch() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

// A request that is only connecting has no socket yet to be closed: it is stopped again and again.
void RequestWatch::run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (requests_.empty()) {
      wake_.wait(lock);
      continue;
    }
    wake_.wait_for(lock, kLookEvery);
    for (Request* request : requests_) {
      if (!request->reason_) request->reason_ = (*request->call_)();
      if (request->reason_) request->stop_();
    }
  }
}

}  // namespace capstan::docker
