// Small conversions of text that providers need.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace capstan::sdk {

inline std::string base64_encode(std::string_view bytes) {
  static constexpr char kAlphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](size_t at) -> uint32_t {
      return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0u;
    };
    const uint32_t group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    out += kAlphabet[group >> 18];
    out += kAlphabet[group >> 12 & 63];
    out += i + 1 < bytes.size() ? kAlphabet[group >> 6 & 63] : '=';
    out += i + 2 < bytes.size() ? kAlphabet[group & 63] : '=';
  }
  return out;
}

// Standard alphabet; other characters (white space, padding) are skipped.
inline std::string base64_decode(std::string_view text) {
  const auto value = [](char c) -> int {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+') return 62;
    return c == '/' ? 63 : -1;
  };
  std::string out;
  out.reserve(text.size() / 4 * 3);
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int digit = value(c);
    if (digit < 0) continue;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xff);
  }
  return out;
}

// Finds where a JSON value ends without building it. Throws std::invalid_argument on text that
// cannot be JSON; what it accepts may still be refused when it is parsed.
class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text) : text_(text) {}

  bool at_end() {
    skip_space();
    return position_ == text_.size();
  }
  bool take(char c) {
    skip_space();
    if (position_ == text_.size() || text_[position_] != c) return false;
    ++position_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) throw std::invalid_argument(std::string("JSON: expected '") + c + "'");
  }
  std::string_view value() {
    skip_space();
    const size_t start = position_;
    int depth = 0;
    do {
      skip_token(depth);
    } while (depth > 0);
    return text_.substr(start, position_ - start);
  }

 private:
  void skip_space() {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\n' ||
                                        text_[position_] == '\t' || text_[position_] == '\r')) {
      ++position_;
    }
  }
  void skip_token(int& depth) {
    if (position_ == text_.size()) throw std::invalid_argument("JSON: ends too early");
    const char c = text_[position_];
    if (c == '"') return skip_string();
    ++position_;
    if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      --depth;
    } else if (depth == 0) {
      position_ = std::min(text_.find_first_of(",]} \n\t\r", position_), text_.size());
    } else {
      skip_until(
          [](char at) { return at == '"' || at == '{' || at == '}' || at == '[' || at == ']'; });
    }
  }
  // Several times faster than find_first_of().
  template <typename Predicate>
  void skip_until(Predicate found) {
    while (position_ < text_.size() && !found(text_[position_])) ++position_;
  }
  void skip_string() {
    for (++position_; position_ < text_.size(); ++position_) {
      skip_until([](char at) { return at == '\\' || at == '"'; });
      if (position_ == text_.size()) break;
      if (text_[position_] == '"') {
        ++position_;
        return;
      }
      ++position_;  // the escaped character
    }
    throw std::invalid_argument("JSON: a string does not end");
  }

  std::string_view text_;
  size_t position_ = 0;
};

// The members of a JSON object as text, with names that have no escapes. Throws
// std::invalid_argument on text that cannot be a JSON object.
inline std::map<std::string, std::string_view, std::less<>> split_json_members(
    std::string_view text) {
  std::map<std::string, std::string_view, std::less<>> members;
  JsonScanner scanner(text);
  scanner.expect('{');
  if (scanner.take('}')) return members;
  do {
    const std::string_view name = scanner.value();
    if (name.size() < 2 || name.front() != '"') throw std::invalid_argument("JSON: no member name");
    scanner.expect(':');
    members.insert_or_assign(std::string(name.substr(1, name.size() - 2)), scanner.value());
  } while (scanner.take(','));
  scanner.expect('}');
  return members;
}

}  // namespace capstan::sdk
