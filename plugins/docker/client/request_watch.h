// Breaks off requests whose call was given up: the HTTP library looks at nothing but its socket.
//
// Thread safety: any thread. Lifetime: its destructor waits for its thread, which runs from the
// first request on.
#pragma once

#include <capstan/status.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "plugins/docker/client/call_scope.h"

namespace capstan::docker {

class RequestWatch {
 public:
  // One request under way, from its construction to its end.
  class Request {
   public:
    // Does nothing where the thread works for no call. `stop` may be called from another thread,
    // several times.
    Request(RequestWatch& watch, std::function<void()> stop);
    ~Request();
    Request(const Request&) = delete;

    // Why it was broken off, if it was.
    std::optional<sdk::Error> given_up() const;

   private:
    friend class RequestWatch;
    RequestWatch& watch_;
    const GivenUp* const call_;
    const std::function<void()> stop_;
    std::optional<sdk::Error> reason_;  // with the watch's mutex
  };

  ~RequestWatch();

 private:
  void run();

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Request*> requests_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace capstan::docker
