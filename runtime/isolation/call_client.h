// The calling side of a channel: many threads call at once, each waits for its own reply.
//
// Where there is a direct channel beside it, one call at a time takes that: the thread that calls
// is the only one to read there, and the other side has one thread that does nothing else. Neither
// is ever woken for somebody else's message, and both may wait without sleeping
// (Channel::set_spin). A call that finds it taken goes the other way. Cancelling always does.
//
// There is no thread of its own. Of those who wait, one reads the channel and hands the others
// their replies; when it has its own, the next one reads. So a single caller costs no more than two
// switches between the processes.
//
// Thread safety: all members from any thread. Lifetime: outlives the calls.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "runtime/isolation/channel.h"

namespace capstan::isolation {

class CallClient {
 public:
  // `broken` is called once, from a calling thread, when the other side breaks the protocol.
  explicit CallClient(Channel& channel, std::function<void(const Error&)> broken = {},
                      Channel* direct = nullptr);

  struct Call {
    Method method = Method::kHello;
    std::string_view body;
    int64_t deadline_ns = 0;
    uint32_t attempt = 0;
    // Asked about every Channel::kTick while the call waits; the first true tells the other side
    // that the call is given up. The call still ends with its reply or with the channel.
    std::function<bool()> cancelled = {};
    // Asked as often while the other side does not take the message; true ends the call.
    std::function<bool()> give_up = {};
  };

  // The reply, its status in the header. Errors: kUnavailable where the channel is closed or the
  // other side broke the protocol, kResourceExhausted.
  Result<Message> call(const Call& call);

  // A message without reply; lost where the channel is closed.
  void notice(Method method, std::string_view body, uint32_t attempt = 0);

  size_t waiting() const;

 private:
  struct Waiter;
  Result<Message> call_directly(const Call& call);
  // With the lock held.
  uint32_t new_id();
  void cancel(FrameHeader header, const Call& call);
  // What comes on the other channel while nobody waits there: nonsense is to be noticed.
  void look_aside();
  void read_one(std::unique_lock<std::mutex>& lock);
  void take(Result<Message> message);
  void deliver(Message message);
  void end(const Error& reason);

  Channel& channel_;
  Channel* const direct_;
  std::mutex direct_mutex_;  // held for one call
  const std::function<void(const Error&)> broken_;
  mutable std::mutex mutex_;
  std::map<uint32_t, Waiter*> waiters_;
  uint32_t last_id_ = 0;
  bool reading_ = false;
  bool ended_ = false;
};

}  // namespace capstan::isolation
