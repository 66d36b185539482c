// New connections for a process that goes on without its old ones: three sockets (calls to the
// plugin, calls to the host, one call at a time to the plugin) in one message over its control
// socket.
//
// Thread safety: pure functions of the sockets.
#pragma once

#include <array>

#include "runtime/base/result.h"
#include "runtime/isolation/fd.h"

namespace capstan::isolation {

inline constexpr size_t kConnections = 3;

// Errors: kUnavailable with what the system said.
Result<void> send_connections(const Fd& control, const std::array<Fd, kConnections>& sockets);

// Does not wait. Errors: kUnavailable where there is no message, or the other end is closed;
// kInvalid where the message is another.
Result<std::array<Fd, kConnections>> receive_connections(const Fd& control);

}  // namespace capstan::isolation
