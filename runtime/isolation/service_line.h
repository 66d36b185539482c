// The way from a plugin's process to its host, which may be interrupted while the host starts
// itself anew: who asks meanwhile waits for the next connection. A request that was under way when
// the connection ended fails as unavailable.
//
// Thread safety: all members from any thread. Lifetime: outlives the calls.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>

#include "runtime/isolation/call_client.h"

namespace capstan::isolation {

class ServiceLine {
 public:
  // While one lives its thread answers a call of the host, whose end comes before the next
  // connection: requests fail at once where the line is interrupted.
  class InCall {
   public:
    InCall() { in_call_ = true; }
    ~InCall() { in_call_ = false; }
    InCall(const InCall&) = delete;
  };

  explicit ServiceLine(Fd socket) { connect(std::move(socket)); }

  // As CallClient's.
  Result<Message> call(const CallClient::Call& call);
  void notice(Method method, std::string_view body, uint32_t attempt);

  // From now on who asks waits for connect() or close(), unless the host waits for that thread.
  void interrupt();
  // `prepare`: asks the host whatever comes before anything else.
  void connect(Fd socket, const std::function<void(CallClient&)>& prepare = {});
  // For good: calls fail.
  void close();

 private:
  struct Line {
    explicit Line(Fd socket) : channel(std::move(socket)), client(channel) {}
    Channel channel;
    CallClient client;
  };
  // Null: there is none for this thread.
  std::shared_ptr<Line> line();

  static inline thread_local bool in_call_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<Line> line_;  // the last one
  bool interrupted_ = false;
};

}  // namespace capstan::isolation
