// What the main thread waits for: SIGTERM or SIGINT (stop), SIGUSR2 (start anew), or a call of
// wake() from any thread.
//
// Thread safety: wake() and stop_asked() from any thread; wait() from the main thread only.
#pragma once

#include <memory>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"

namespace capstan {

class WakeSignal {
 public:
  enum class Reason { kStop, kRenew, kWoken, kTimeout };

  // SIGUSR2, which would end a program that does not expect it, waits for create(); first of all.
  static void hold_renewal();

  // Blocks these signals for the calling thread and all that it starts: call it first.
  // Errors: kInternal where the kernel refuses a descriptor.
  static Result<std::unique_ptr<WakeSignal>> create();
  ~WakeSignal();
  WakeSignal(const WakeSignal&) = delete;
  WakeSignal& operator=(const WakeSignal&) = delete;

  void wake();
  Reason wait(Duration at_most);
  // Whether one of the signals has come and wait() has not told of it yet.
  bool stop_asked() const;
  // Readable while stop_asked(), for whoever waits for something else as well.
  int stop_descriptor() const { return signals_; }

 private:
  WakeSignal(int signals, int wakes) : signals_(signals), wakes_(wakes) {}
  const int signals_;
  const int wakes_;
};

}  // namespace capstan
