// One end of a SEQPACKET socket pair: frames in, frames out, large bodies in sealed memfds.
//
// What comes from the other end is not trusted: a broken frame, file descriptors that belong to
// nothing, a memfd that could still change, are errors, and the descriptors are closed.
//
// Thread safety: all members from any thread; a message is sent and received whole.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/base/result.h"
#include "runtime/isolation/fd.h"
#include "runtime/isolation/frame.h"

namespace capstan::isolation {

struct Message {
  FrameHeader header;
  std::string body;
};

// What a call or a message gets whose connection has ended.
Error connection_closed();

class Channel {
 public:
  // How long receive() waits at most where set_tick() was called, and how often send() asks whether
  // to give up.
  static constexpr std::chrono::milliseconds kTick{50};
  static constexpr std::chrono::microseconds kSpin{50};

  explicit Channel(Fd socket) : socket_(std::move(socket)) {}
  // Two connected ends, closed on exec.
  static Result<std::pair<Fd, Fd>> make_pair();

  // receive() gives kDeadlineExceeded after kTick without a message. Before it is used only.
  void set_tick();

  // From now on receive() asks without sleeping for up to kSpin first, as long as that pays: where
  // the last message came within about that time. Waking a thread costs more than a quick answer
  // takes. Before it is used only, by one receiving thread at a time; no effect on one processor.
  void set_spin();

  // `length` and the flags of the header are set here. Waits while the other end does not read;
  // `give_up` is asked every kTick meanwhile. Errors: kUnavailable (closed, or given up),
  // kResourceExhausted (more than kMaxBody).
  Result<void> send(FrameHeader header, std::string_view body,
                    const std::function<bool()>& give_up = {});

  // Errors: kUnavailable (closed by either end), kInvalid (what came is no message of the
  // protocol), kDeadlineExceeded (a tick).
  Result<Message> receive();

  // The same without waiting: kDeadlineExceeded where there is no message.
  Result<Message> receive_pending();

  // Wakes everybody who waits here or at the other end, for good.
  void shutdown();

 private:
  Result<Message> receive_now(int flags);
  Result<Message> receive_spinning();

  const Fd socket_;
  bool spins_ = false;
  bool quick_ = true;  // the last message came soon after it was waited for
};

}  // namespace capstan::isolation
