// What the requests of a thread to the engine are made for: they end with it.
//
// A call of the host may be cancelled, and has a deadline, while the engine takes a request and
// does not answer. Whoever works for a call says so once, and every request that the thread makes
// until the scope ends is broken off when the call is given up.
//
// Thread safety: one thread's own; `given_up` is called from other threads.
//
// Example:
//   const CallScope scope(given_up_with(call, host.clock()));
//   transport.send({.path = "/version"});   // kCancelled soon after the call was
#pragma once

#include <capstan/call.h>
#include <capstan/services.h>

#include <functional>
#include <optional>

namespace capstan::docker {

// Why requests shall end; none while they shall not.
using GivenUp = std::function<std::optional<sdk::Error>()>;

class CallScope {
 public:
  explicit CallScope(GivenUp given_up);
  ~CallScope();
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

  // Of the innermost scope of this thread; null where there is none.
  static const GivenUp* current();

 private:
  const GivenUp given_up_;
  const GivenUp* const outer_;
};

// Cancelled, or past its deadline. Lifetime: the call outlives the result.
GivenUp given_up_with(const sdk::Call& call, sdk::Clock clock);

}  // namespace capstan::docker
