// The way from a plugin's process to its host, which may be interrupted while the host starts
// itself anew: who asks meanwhile waits for the next connection. A request that was under way when
// the connection ended fails as unavailable.
//
// Thread safety: all members from any thread. Lifetime: outlives the calls.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string_view>

#include "runtime/isolation/call_client.h"

namespace capstan::isolation {

class ServiceLine {
 public:
  explicit ServiceLine(Fd socket) { connect(std::move(socket)); }

  // As CallClient's.
  Result<Message> call(const CallClient::Call& call);
  void notice(Method method, std::string_view body, uint32_t attempt);

  // From now on calls wait for connect() or close().
  void interrupt();
  void connect(Fd socket);
  // For good: calls fail.
  void close();

 private:
  struct Line {
    explicit Line(Fd socket) : channel(std::move(socket)), client(channel) {}
    Channel channel;
    CallClient client;
  };
  std::shared_ptr<Line> line();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<Line> line_;  // the last one
  bool interrupted_ = false;
};

}  // namespace capstan::isolation
