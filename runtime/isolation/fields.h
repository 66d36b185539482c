// The members of a message's body, one after the other: numbers little-endian, texts with a length
// of four bytes before them.
//
// Thread safety: values.
//
// Example:
//   FieldWriter out;
//   out.text("token").number(uint32_t{3});
//   FieldReader in(out.bytes());
//   const std::string_view name = in.text();
//   const uint32_t count = in.number<uint32_t>();
//   if (!in.complete()) return Error::invalid("...");
#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace capstan::isolation {

template <std::unsigned_integral Number>
char* put_number(char* to, Number value) {
  for (size_t i = 0; i < sizeof(Number); ++i) to[i] = static_cast<char>(value >> (8 * i));
  return to + sizeof(Number);
}

class FieldWriter {
 public:
  explicit FieldWriter(size_t expected = 0) { bytes_.reserve(expected); }

  template <std::unsigned_integral Number>
  FieldWriter& number(Number value) {
    char encoded[sizeof(Number)];
    put_number(encoded, value);
    bytes_.append(encoded, sizeof(Number));
    return *this;
  }
  FieldWriter& text(std::string_view value) {
    number(static_cast<uint32_t>(value.size()));
    bytes_.append(value);
    return *this;
  }
  const std::string& bytes() const { return bytes_; }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads no further than the bytes: what is missing reads as 0 or "" and complete() is false.
class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : rest_(bytes) {}

  template <std::unsigned_integral Number>
  Number number() {
    const std::string_view bytes = piece(sizeof(Number));
    Number value = 0;
    for (size_t i = 0; i < bytes.size(); ++i) {
      value |=
          static_cast<Number>(static_cast<Number>(static_cast<unsigned char>(bytes[i])) << (8 * i));
    }
    return value;
  }
  // Lifetime: of the bytes that are read.
  std::string_view text() { return piece(number<uint32_t>()); }

  // Everything was there and nothing is left.
  bool complete() const { return !short_ && rest_.empty(); }

 private:
  std::string_view piece(size_t size) {
    if (size > rest_.size()) {
      short_ = true;
      rest_ = {};
      return {};
    }
    const std::string_view found = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return found;
  }

  std::string_view rest_;
  bool short_ = false;
};

}  // namespace capstan::isolation
