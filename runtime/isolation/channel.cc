#include "runtime/isolation/channel.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <thread>
#include <vector>

#include "runtime/isolation/descriptors.h"

namespace capstan::isolation {
namespace {

constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
// Room for more than the one descriptor that is allowed, so that a second one is noticed.
constexpr size_t kControlSize = control_size(4);

Error broken(const char* what) {
  return Error::invalid(std::string("a message of the plugin's process is broken: ") + what);
}

Result<void> write_whole(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Error::unavailable("no memory for a large message");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Result<Fd> sealed_memfd(std::string_view bytes) {
  Fd fd(::memfd_create("capstan-message", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.valid()) return Error::unavailable(std::string("memfd_create: ") + std::strerror(errno));
  TRY(write_whole(fd.get(), bytes));
  if (::fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) {
    return Error::unavailable(std::string("sealing a memfd: ") + std::strerror(errno));
  }
  return fd;
}

// Only what is sealed against every change is read: its size is what was checked.
Result<std::string> read_memfd(int fd, size_t size) {
  const int seals = ::fcntl(fd, F_GET_SEALS);
  if (seals < 0 || (seals & kSeals) != kSeals) return broken("its memfd is not sealed");
  std::string bytes(size, '\0');
  size_t done = 0;
  while (done < size) {
    const ssize_t count = ::pread(fd, bytes.data() + done, size - done, static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return broken("its memfd is shorter than it says");
    done += static_cast<size_t>(count);
  }
  return bytes;
}

Result<Message> assemble(std::string_view bytes, const std::vector<Fd>& descriptors) {
  const Frame frame = TRY(decode_frame(bytes));
  if (descriptors.size() != (frame.header.in_memfd() ? 1u : 0u)) {
    return broken("it has file descriptors that it must not have, or lacks one");
  }
  if (!frame.header.in_memfd()) return Message{frame.header, std::string(frame.body)};
  return Message{frame.header, TRY(read_memfd(descriptors.front().get(), frame.header.length))};
}

}  // namespace

Error connection_closed() {
  return Error::unavailable("the connection between host and plugin is closed");
}

Result<std::pair<Fd, Fd>> Channel::make_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return Error::unavailable(std::string("socketpair: ") + std::strerror(errno));
  }
  return std::pair<Fd, Fd>(Fd(ends[0]), Fd(ends[1]));
}

void Channel::set_tick() {
  const timeval tick{0, std::chrono::microseconds(kTick).count()};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof(tick));
}

Result<void> Channel::send(FrameHeader header, std::string_view body,
                           const std::function<bool()>& give_up) {
  if (body.size() > kMaxBody) {
    return Error{Code::kResourceExhausted,
                 "a message of " + std::to_string(body.size()) + " bytes is too large",
                 {},
                 {}};
  }
  header.length = static_cast<uint32_t>(body.size());
  Fd memfd;
  if (body.size() > kMaxInline) {
    header.flags = kBodyInMemfd;
    memfd = TRY(sealed_memfd(body));
    body = {};
  }
  auto bytes = encode_header(header);
  iovec parts[2] = {{bytes.data(), bytes.size()}, {const_cast<char*>(body.data()), body.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = body.empty() ? 1 : 2;
  alignas(cmsghdr) char control[control_size(1)] = {};
  const int descriptor = memfd.get();
  if (memfd.valid()) attach_descriptors(message, control, {&descriptor, 1});
  while (::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != ENOBUFS && errno != ETOOMANYREFS) return connection_closed();
    if (give_up && give_up()) return Error::unavailable("the other side does not read");
    pollfd writable{socket_.get(), POLLOUT, 0};
    ::poll(&writable, 1, static_cast<int>(kTick.count()));
  }
  return {};
}

void Channel::set_spin() {
  spins_ = std::thread::hardware_concurrency() > 1;
}

Result<Message> Channel::receive() {
  return spins_ ? receive_spinning() : receive_now(0);
}

Result<Message> Channel::receive_pending() {
  return receive_now(MSG_DONTWAIT);
}

Result<Message> Channel::receive_spinning() {
  const auto now = [] { return std::chrono::steady_clock::now(); };
  const auto begin = now();
  while (quick_ && now() - begin < kSpin) {
    Result<Message> message = receive_pending();
    if (message.code() != Code::kDeadlineExceeded) return message;
    // Whoever is to answer may be waiting for this processor.
    ::sched_yield();
  }
  Result<Message> message = receive_now(0);
  quick_ = message.ok() && now() - begin < 2 * kSpin;
  return message;
}

Result<Message> Channel::receive_now(int flags) {
  thread_local std::vector<char> buffer(kHeaderSize + kMaxInline + 1);
  iovec part{buffer.data(), buffer.size()};
  alignas(cmsghdr) char control[kControlSize];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  ssize_t size = 0;
  while ((size = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC | flags)) < 0) {
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return Error{Code::kDeadlineExceeded, "no message yet", {}, {}};
    return connection_closed();
  }
  const std::vector<Fd> descriptors = take_descriptors(message);
  if (size == 0) return connection_closed();
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return broken("it is too large");
  return assemble({buffer.data(), static_cast<size_t>(size)}, descriptors);
}

void Channel::shutdown() {
  ::shutdown(socket_.get(), SHUT_RDWR);
}

}  // namespace capstan::isolation
