#include "runtime/isolation/connections.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "runtime/isolation/descriptors.h"

namespace capstan::isolation {
namespace {

constexpr char kMark = 'C';

}  // namespace

Result<void> send_connections(const Fd& control, const std::array<Fd, kConnections>& sockets) {
  int numbers[kConnections];
  std::transform(sockets.begin(), sockets.end(), numbers, [](const Fd& fd) { return fd.get(); });
  char mark = kMark;
  iovec part{&mark, 1};
  alignas(cmsghdr) char buffer[control_size(kConnections)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  attach_descriptors(message, buffer, numbers);
  if (::sendmsg(control.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) == 1) return {};
  return Error::unavailable(std::string("sendmsg: ") + std::strerror(errno));
}

Result<std::array<Fd, kConnections>> receive_connections(const Fd& control) {
  char mark = 0;
  iovec part{&mark, 1};
  alignas(cmsghdr) char buffer[control_size(kConnections + 1)];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = buffer;
  message.msg_controllen = sizeof(buffer);
  const ssize_t size = ::recvmsg(control.get(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (size <= 0) return Error::unavailable("there are no new connections");
  std::vector<Fd> descriptors = take_descriptors(message);
  const bool whole = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;
  if (mark != kMark || !whole || descriptors.size() != kConnections) {
    return Error::invalid("what came on the control socket are no connections");
  }
  std::array<Fd, kConnections> sockets;
  std::move(descriptors.begin(), descriptors.end(), sockets.begin());
  return sockets;
}

}  // namespace capstan::isolation
