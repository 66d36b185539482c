// WebSocket framing (RFC 6455) for a client: what is needed to talk to Kubernetes' streaming
// endpoints over a connection that was upgraded.
//
// Thread safety: values; none for WebsocketReader.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace capstan {

enum class WebsocketOpcode : uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10,
};

// One whole frame, masked as a client must.
std::string websocket_frame(WebsocketOpcode opcode, std::string_view payload, uint32_t mask);

// What a server must answer to a Sec-WebSocket-Key.
std::string websocket_accept(std::string_view key);

struct WebsocketMessage {
  WebsocketOpcode opcode = WebsocketOpcode::kBinary;
  std::string payload;
};

// Puts a server's frames together to messages.
class WebsocketReader {
 public:
  static constexpr size_t kLargestMessage = 16 << 20;

  void put(std::string_view bytes) { pending_ += bytes; }
  // The next whole message, or none yet. Errors: kUnavailable where the bytes break the protocol
  // or a message is larger than kLargestMessage.
  Result<std::optional<WebsocketMessage>> next();

 private:
  struct Frame;
  Result<std::optional<Frame>> next_frame();

  std::string pending_;
  std::optional<WebsocketMessage> partial_;  // a message whose last frame has not come
};

}  // namespace capstan
