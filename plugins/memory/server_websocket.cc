#include "plugins/memory/server_websocket.h"

namespace capstan::memory {

std::string server_frame(WebsocketOpcode opcode, std::string_view payload) {
  std::string frame(1, static_cast<char>(0x80 | static_cast<uint8_t>(opcode)));
  const uint64_t size = payload.size();
  const int length_bytes = size < 126 ? 0 : size <= 0xffff ? 2 : 8;
  frame += static_cast<char>(length_bytes == 0 ? size : length_bytes == 2 ? 126 : 127);
  for (int i = length_bytes - 1; i >= 0; --i) frame += static_cast<char>(size >> (8 * i));
  return frame.append(payload);
}

Result<std::optional<WebsocketMessage>> ClientFrames::next() {
  const auto byte = [this](size_t at) { return static_cast<uint8_t>(pending_[at]); };
  if (pending_.size() < 2) return std::optional<WebsocketMessage>();
  if ((byte(0) & 0xf0) != 0x80) return Error::invalid("WebSocket: a message in several frames");
  if ((byte(1) & 0x80) == 0) return Error::invalid("WebSocket: a client's frame is not masked");
  uint64_t size = byte(1) & 0x7f;
  const size_t length_bytes = size == 126 ? 2 : size == 127 ? 8 : 0;
  const size_t head = 2 + length_bytes + 4;
  if (pending_.size() < head) return std::optional<WebsocketMessage>();
  if (length_bytes > 0) size = 0;
  for (size_t i = 0; i < length_bytes; ++i) size = size << 8 | byte(2 + i);
  if (size > kLargest) return Error::invalid("WebSocket: a message is larger than 1 MiB");
  if (pending_.size() < head + size) return std::optional<WebsocketMessage>();
  WebsocketMessage message;
  message.opcode = static_cast<WebsocketOpcode>(byte(0) & 0x0f);
  message.payload = pending_.substr(head, size);
  for (size_t i = 0; i < size; ++i) message.payload[i] ^= pending_[head - 4 + i % 4];
  pending_.erase(0, head + size);
  return std::optional(std::move(message));
}

}  // namespace capstan::memory
