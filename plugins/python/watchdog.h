// Ends calls that do not come back: some time after its deadline, or after the host has given it
// up, a call gets the exception capstan.DeadlineExceeded (or capstan.Cancelled) thrown into it.
// What blocks inside of C code gets it when it returns from there; a host that runs the plugin in a
// process of its own kills it meanwhile.
//
// Thread safety: any thread. Lock order: the interpreter's lock before the watchdog's own.
#pragma once

#include <capstan/abi.h>

#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

namespace capstan::python {

// A call that is under way.
struct WatchedCall {
  unsigned long thread = 0;  // as Python numbers threads
  const capstan_call* call = nullptr;
  int64_t given_up_ns = 0;  // when it was first seen cancelled
  bool interrupted = false;
};

class Watchdog {
 public:
  explicit Watchdog(std::chrono::milliseconds grace);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;

  // One call on the calling thread, watched while this lives. Both ends hold the interpreter's
  // lock.
  class Watch {
   public:
    Watch(Watchdog& watchdog, const capstan_call* call);
    ~Watch();
    Watch(const Watch&) = delete;

   private:
    Watchdog& watchdog_;
    std::list<WatchedCall>::iterator call_;
  };

 private:
  void run();
  bool any_due();
  void interrupt();

  const std::chrono::milliseconds grace_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::list<WatchedCall> calls_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace capstan::python
