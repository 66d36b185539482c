// One thread for all sockets and a small pool for requests that block. Many listeners share one
// loop: hundreds of servers cost no thread each.
//
// Thread safety: all members from any thread. Lifetime: outlives every listener on it.
#pragma once

#include <functional>
#include <memory>

#include "runtime/base/clock.h"

namespace boost::asio {
class io_context;
}

namespace capstan {

struct EventLoopOptions {
  int workers = 8;           // threads for requests that commit or read much
  size_t max_queued = 2000;  // requests that wait for a worker; more are refused
};

class EventLoop {
 public:
  explicit EventLoop(const EventLoopOptions& options = {});
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  // Stops: what is queued for the workers still runs.
  ~EventLoop();

  // Runs on a worker. False (and nothing runs) where too much is queued already.
  bool run_blocking(std::function<void()> work);
  // Runs on the loop's thread: must be quick.
  void post(std::function<void()> work);
  void post_after(Duration delay, std::function<void()> work);

  boost::asio::io_context& context();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace capstan
