#include "runtime/isolation/connections.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

namespace capstan::isolation {
namespace {

constexpr char kMark = 'C';
constexpr size_t kSize = kConnections * sizeof(int);

}  // namespace

Result<void> send_connections(const Fd& control, const std::array<Fd, kConnections>& sockets) {
  int numbers[kConnections];
  std::transform(sockets.begin(), sockets.end(), numbers, [](const Fd& fd) { return fd.get(); });
  char mark = kMark;
  iovec part{&mark, 1};
  alignas(cmsghdr) char buffer[CMSG_SPACE(kSize)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = buffer;
  message.msg_controllen = sizeof(buffer);
  cmsghdr* item = CMSG_FIRSTHDR(&message);
  item->cmsg_level = SOL_SOCKET;
  item->cmsg_type = SCM_RIGHTS;
  item->cmsg_len = CMSG_LEN(kSize);
  std::memcpy(CMSG_DATA(item), numbers, kSize);
  if (::sendmsg(control.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) == 1) return {};
  return Error::unavailable(std::string("sendmsg: ") + std::strerror(errno));
}

Result<std::array<Fd, kConnections>> receive_connections(const Fd& control) {
  char mark = 0;
  iovec part{&mark, 1};
  alignas(cmsghdr) char buffer[CMSG_SPACE(kSize)];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = buffer;
  message.msg_controllen = sizeof(buffer);
  const ssize_t size = ::recvmsg(control.get(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (size <= 0) return Error::unavailable("there are no new connections");
  std::array<Fd, kConnections> sockets;
  size_t count = 0;
  for (cmsghdr* item = CMSG_FIRSTHDR(&message); item != nullptr;
       item = CMSG_NXTHDR(&message, item)) {
    if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS) continue;
    for (size_t at = CMSG_LEN(0); at + sizeof(int) <= item->cmsg_len; at += sizeof(int)) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(item) + (at - CMSG_LEN(0)), sizeof(int));
      Fd fd(number);
      if (count < kConnections) sockets[count++] = std::move(fd);
    }
  }
  const bool whole = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;
  if (mark == kMark && whole && count == kConnections) return sockets;
  return Error::invalid("what came on the control socket are no connections");
}

}  // namespace capstan::isolation
