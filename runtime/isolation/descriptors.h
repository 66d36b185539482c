// File descriptors that go with a message over a unix socket (unix(7), SCM_RIGHTS).
//
// Thread safety: pure functions of their arguments.
#pragma once

#include <sys/socket.h>

#include <span>
#include <vector>

#include "runtime/isolation/fd.h"

namespace capstan::isolation {

// The control buffer for so many of them; one for receiving has room for more than are allowed, so
// that too many are noticed.
constexpr size_t control_size(size_t descriptors) {
  return CMSG_SPACE(descriptors * sizeof(int));
}

// `control` has the size of that many, and outlives the message's use.
void attach_descriptors(msghdr& message, char* control, std::span<const int> descriptors);

// Every descriptor that came, so that none stays open.
std::vector<Fd> take_descriptors(msghdr& message);

}  // namespace capstan::isolation
