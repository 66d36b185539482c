// No bytes make the decoder of protobuf objects read beyond them.
#include <string>

#include "runtime/api/protobuf_objects.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)capstan::decode_protobuf_object(text);
  // The same as the message of a kind with everything in it.
  std::string event = std::string(
      "k8s\0\x0a\x0b\x0a\x02v1\x12\x05"
      "Event\x12",
      18);
  for (size_t rest = size;; rest >>= 7) {
    event += static_cast<char>(rest >= 0x80 ? (rest & 0x7f) | 0x80 : rest);
    if (rest < 0x80) break;
  }
  (void)capstan::decode_protobuf_object(event.append(text));
  return 0;
}
