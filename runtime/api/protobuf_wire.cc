#include "runtime/api/protobuf_wire.h"

namespace capstan {

Result<uint64_t> ProtobufReader::varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (rest_.empty()) return Error::invalid("the protobuf message ends inside a number");
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return Error::invalid("the protobuf message has a number of more than 64 bits");
}

Result<std::string_view> ProtobufReader::take(uint64_t size) {
  if (size > rest_.size()) return Error::invalid("the protobuf message ends inside a field");
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

Result<ProtobufField> ProtobufReader::next() {
  const uint64_t tag = TRY(varint());
  ProtobufField field;
  field.number = static_cast<uint32_t>(tag >> 3);
  switch (tag & 7) {
    case 0:
      field.varint = TRY(varint());
      break;
    case 1:
      field.bytes = TRY(take(8));
      break;
    case 2:
      field.bytes = TRY(take(TRY(varint())));
      field.is_bytes = true;
      break;
    case 5:
      field.bytes = TRY(take(4));
      break;
    default:
      return Error::invalid("the protobuf message has a field of an unknown wire type");
  }
  return field;
}

void append_protobuf_field(uint32_t number, std::string_view bytes, std::string& out) {
  const auto append_varint = [&out](uint64_t value) {
    for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
    out += static_cast<char>(value);
  };
  append_varint(uint64_t{number} << 3 | 2);
  append_varint(bytes.size());
  out += bytes;
}

}  // namespace capstan
