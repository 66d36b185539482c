// WebSocket framing (RFC 6455) for a server: unmasked frames out, masked ones in.
//
// Thread safety: none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/workload/websocket.h"

namespace capstan::memory {

std::string server_frame(WebsocketOpcode opcode, std::string_view payload);

// A client's frames. Messages in several frames are refused: port-forward has none.
class ClientFrames {
 public:
  void put(std::string_view bytes) { pending_ += bytes; }
  // The next whole message, or none yet. Errors: kInvalid where the bytes break the protocol.
  Result<std::optional<WebsocketMessage>> next();

 private:
  static constexpr size_t kLargest = 1 << 20;
  std::string pending_;
};

}  // namespace capstan::memory
