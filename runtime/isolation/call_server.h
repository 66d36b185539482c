// The answering side of a channel: as many threads as there are calls, and one more that waits for
// the next message, up to a limit. A direct channel (see call_client.h) has a thread of its own.
//
// Thread safety: stop() from one thread; the handlers are called from many.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "runtime/isolation/channel.h"

namespace capstan::isolation {

class CallServer {
 public:
  struct Answer {
    Code status = Code::kOk;
    std::string body;
  };
  struct Options {
    // `cancelled` becomes true when the caller gives up or is gone. Lifetime of both: the call.
    std::function<Answer(const Message&, const std::atomic<bool>& cancelled)> answer;
    std::function<void(const Message&)> notice;  // unset: notices break the protocol
    // Once, from one of the threads: the channel is closed (kUnavailable), or the other side broke
    // the protocol (kInvalid).
    std::function<void(const Error&)> ended;
    std::function<bool()> give_up;  // whether to wait no longer for the other side to read
    size_t max_threads = 64;
    bool ordered = false;  // notices are handled in the order in which they were sent
    Channel* direct = nullptr;
  };

  CallServer(Channel& channel, Options options);
  // Shuts the channel down and waits for the calls that are being answered.
  ~CallServer();

  // Waits until the channel is closed and no call is being answered.
  void join();

 private:
  void work();
  bool take_one();
  void handle(const Message& message);
  void work_directly(Channel& channel);
  void answer_pooled(const Message& message);
  void answer(const Message& message, Channel& channel);
  void end(const Error& reason);
  void add_thread();

  Channel& channel_;
  const Options options_;
  std::mutex order_;
  std::mutex mutex_;
  std::vector<std::thread> threads_;
  std::map<uint32_t, std::shared_ptr<std::atomic<bool>>> running_;
  std::set<uint32_t> cancelled_early_;  // told before the call itself was taken up
  int idle_ = 0;
  bool ended_ = false;
};

}  // namespace capstan::isolation
