#include "runtime/workload/websocket.h"

#include <openssl/sha.h>

#include "runtime/base/text.h"

namespace capstan {
namespace {

Error broken(const char* what) {
  return Error::unavailable(std::string("the WebSocket's peer broke the protocol: ") + what);
}

bool is_control(WebsocketOpcode opcode) {
  return static_cast<uint8_t>(opcode) >= 8;
}

}  // namespace

struct WebsocketReader::Frame {
  bool last = false;
  WebsocketOpcode opcode = WebsocketOpcode::kBinary;
  std::string payload;
};

std::string websocket_frame(WebsocketOpcode opcode, std::string_view payload, uint32_t mask) {
  std::string frame;
  frame.reserve(payload.size() + 14);
  frame += static_cast<char>(0x80 | static_cast<uint8_t>(opcode));
  const uint64_t size = payload.size();
  const int length_bytes = size < 126 ? 0 : size <= 0xffff ? 2 : 8;
  const uint64_t length = length_bytes == 0 ? size : length_bytes == 2 ? 126 : 127;
  frame += static_cast<char>(0x80 | length);
  for (int i = length_bytes - 1; i >= 0; --i) frame += static_cast<char>(size >> (8 * i));
  char key[4];
  for (int i = 0; i < 4; ++i) frame += key[i] = static_cast<char>(mask >> (8 * i));
  for (size_t i = 0; i < payload.size(); ++i) {
    frame += static_cast<char>(payload[i] ^ key[i % 4]);
  }
  return frame;
}

std::string websocket_accept(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return base64_encode({reinterpret_cast<const char*>(digest), sizeof digest});
}

Result<std::optional<WebsocketReader::Frame>> WebsocketReader::next_frame() {
  if (pending_.size() < 2) return std::optional<Frame>();
  const auto byte = [this](size_t at) { return static_cast<uint8_t>(pending_[at]); };
  if (byte(0) & 0x70) return broken("reserved bits are set");
  if (byte(1) & 0x80) return broken("a server's frame is masked");
  uint64_t size = byte(1) & 0x7f;
  const size_t length_bytes = size == 126 ? 2 : size == 127 ? 8 : 0;
  if (pending_.size() < 2 + length_bytes) return std::optional<Frame>();
  if (length_bytes > 0) size = 0;
  for (size_t i = 0; i < length_bytes; ++i) size = size << 8 | byte(2 + i);
  if (size > kLargestMessage) return broken("a message is larger than 16 MiB");
  const size_t start = 2 + length_bytes;
  if (pending_.size() - start < size) return std::optional<Frame>();
  Frame frame{(byte(0) & 0x80) != 0, static_cast<WebsocketOpcode>(byte(0) & 0x0f),
              pending_.substr(start, size)};
  pending_.erase(0, start + size);
  return std::optional<Frame>(std::move(frame));
}

Result<std::optional<WebsocketMessage>> WebsocketReader::next() {
  for (;;) {
    std::optional<Frame> frame = TRY(next_frame());
    if (!frame) return std::optional<WebsocketMessage>();
    if (is_control(frame->opcode)) {
      if (!frame->last) return broken("a control frame is cut in pieces");
      return std::optional(WebsocketMessage{frame->opcode, std::move(frame->payload)});
    }
    const bool continues = frame->opcode == WebsocketOpcode::kContinuation;
    if (continues != partial_.has_value()) return broken("frames are out of order");
    if (!continues) partial_ = WebsocketMessage{frame->opcode, {}};
    if (partial_->payload.size() + frame->payload.size() > kLargestMessage) {
      return broken("a message is larger than 16 MiB");
    }
    partial_->payload += frame->payload;
    if (!frame->last) continue;
    std::optional<WebsocketMessage> whole = std::move(partial_);
    partial_.reset();
    return whole;
  }
}

}  // namespace capstan
