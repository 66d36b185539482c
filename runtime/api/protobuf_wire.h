// The wire format of protocol buffers, read and written field by field. Reading copies nothing.
//
// Thread safety: a reader belongs to one thread. Lifetime: of the bytes it was given.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace capstan {

struct ProtobufField {
  uint32_t number = 0;
  uint64_t varint = 0;     // wire types 0, 1 and 5
  std::string_view bytes;  // wire type 2
  bool is_bytes = false;
};

class ProtobufReader {
 public:
  explicit ProtobufReader(std::string_view bytes) : rest_(bytes) {}
  bool at_end() const { return rest_.empty(); }
  // Precondition: !at_end(). Errors: kInvalid where the bytes end early or have an unknown type.
  Result<ProtobufField> next();

 private:
  Result<uint64_t> varint();
  Result<std::string_view> take(uint64_t size);

  std::string_view rest_;
};

// Appends a field of wire type 2: text, bytes or an encoded message.
void append_protobuf_field(uint32_t number, std::string_view bytes, std::string& out);

}  // namespace capstan
