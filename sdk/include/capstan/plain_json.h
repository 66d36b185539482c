// JSON text to and from trees for the ordinary case, several times faster than the general parser
// and serializer, whose results it equals. Private to json.h.
//
// Thread safety: functions of their arguments.
#pragma once

#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace capstan::sdk::detail {

// Reads ASCII text with integers of up to 18 digits, and gives up on everything else: bytes beyond
// ASCII, surrogates, fractions, a member that is given twice, more than 100 levels, and what is
// malformed. The general parser reads, or refuses, those.
class PlainJsonReader {
 public:
  using Json = nlohmann::json;

  explicit PlainJsonReader(std::string_view text)
      : at_(text.data()), end_(text.data() + text.size()) {}

  // False where it gave up; `to` is then of no use.
  bool read(Json& to) {
    if (!value(to, 0)) return false;
    skip_blanks();
    return at_ == end_;
  }

 private:
  static constexpr int kMaxDepth = 100;

  void skip_blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  // The next character that is no blank, 0 at the end.
  char peek() {
    skip_blanks();
    return at_ == end_ ? '\0' : *at_;
  }
  bool take(char wanted) {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }

  bool value(Json& to, int depth) {
    switch (peek()) {
      case '{':
        return depth < kMaxDepth && object(to, depth);
      case '[':
        return depth < kMaxDepth && array(to, depth);
      case '"':
        to = std::string();
        return string(to.get_ref<std::string&>());
      case 't':
        return word("true") && ((to = true), true);
      case 'f':
        return word("false") && ((to = false), true);
      case 'n':
        return word("null") && ((to = nullptr), true);
      default:
        return number(to);
    }
  }

  bool object(Json& to, int depth) {
    ++at_;
    to = Json::object();
    auto& members = to.get_ref<Json::object_t&>();
    if (take('}')) return true;
    do {
      std::string name;
      if (peek() != '"' || !string(name) || !take(':')) return false;
      const auto before = members.size();
      // The host writes members in order, so that the end is the place.
      const auto member = members.emplace_hint(members.end(), std::move(name), nullptr);
      if (members.size() == before || !value(member->second, depth + 1)) return false;
    } while (take(','));
    return take('}');
  }

  bool array(Json& to, int depth) {
    ++at_;
    to = Json::array();
    auto& items = to.get_ref<Json::array_t&>();
    if (take(']')) return true;
    do {
      if (!value(items.emplace_back(), depth + 1)) return false;
    } while (take(','));
    return take(']');
  }

  static bool is_plain(char c) {
    return c != '"' && c != '\\' && static_cast<unsigned char>(c) - 0x20U < 0x5fU;
  }

  bool string(std::string& to) {
    ++at_;
    for (;;) {
      const char* start = at_;
      while (at_ != end_ && is_plain(*at_)) ++at_;
      to.append(start, at_);
      if (at_ == end_) return false;
      if (*at_ == '"') {
        ++at_;
        return true;
      }
      if (*at_ != '\\' || !escape(to)) return false;
    }
  }

  bool escape(std::string& to) {
    if (end_ - at_ < 2) return false;
    constexpr std::string_view kShort = "\"\"\\\\//b\bf\fn\nr\rt\t";
    const char kind = at_[1];
    at_ += 2;
    if (kind == 'u') return code_unit(to);
    for (size_t i = 0; i < kShort.size(); i += 2) {
      if (kShort[i] != kind) continue;
      to += kShort[i + 1];
      return true;
    }
    return false;
  }

  bool code_unit(std::string& to) {
    unsigned unit = 0;
    if (end_ - at_ < 4) return false;
    const auto read = std::from_chars(at_, at_ + 4, unit, 16);
    if (read.ec != std::errc() || read.ptr != at_ + 4) return false;
    if (unit >= 0xd800 && unit < 0xe000) return false;
    at_ += 4;
    if (unit < 0x80) {
      to += static_cast<char>(unit);
    } else if (unit < 0x800) {
      to += static_cast<char>(0xc0 | (unit >> 6));
      to += static_cast<char>(0x80 | (unit & 0x3f));
    } else {
      to += static_cast<char>(0xe0 | (unit >> 12));
      to += static_cast<char>(0x80 | ((unit >> 6) & 0x3f));
      to += static_cast<char>(0x80 | (unit & 0x3f));
    }
    return true;
  }

  bool word(std::string_view wanted) {
    if (std::string_view(at_, static_cast<size_t>(end_ - at_)).substr(0, wanted.size()) != wanted) {
      return false;
    }
    at_ += wanted.size();
    return true;
  }

  bool number(Json& to) {
    const char* start = at_;
    const bool negative = at_ != end_ && *at_ == '-';
    const char* digits = at_ + (negative ? 1 : 0);
    int64_t number = 0;
    const auto read = std::from_chars(start, end_, number);
    at_ = read.ptr;
    const auto count = at_ - digits;
    const bool is_integer = read.ec == std::errc() && count >= 1 && count <= 18 &&
                            !(count > 1 && *digits == '0') &&
                            (at_ == end_ || (*at_ != '.' && *at_ != 'e' && *at_ != 'E'));
    if (!is_integer) return false;
    // As the general parser has it: unsigned unless negative.
    if (negative) {
      to = number;
    } else {
      to = static_cast<uint64_t>(number);
    }
    return true;
  }

  const char* at_;
  const char* end_;
};

inline void append_plain_string(std::string& out, const std::string& text) {
  for (const char c : text) {
    if (c != '"' && c != '\\' && static_cast<unsigned char>(c) - 0x20U < 0x5fU) continue;
    // Escapes, and bytes of which only the general serializer knows whether they are UTF-8.
    out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return;
  }
  out.append(1, '"').append(text).append(1, '"');
}

// Compact text; bytes that are no UTF-8 become U+FFFD.
inline void append_plain_json(std::string& out, const nlohmann::json& value) {
  using Json = nlohmann::json;
  char before = 0;
  switch (value.type()) {
    case Json::value_t::object:
      before = '{';
      for (const auto& [name, member] : value.get_ref<const Json::object_t&>()) {
        out += std::exchange(before, ',');
        append_plain_string(out, name);
        out += ':';
        append_plain_json(out, member);
      }
      out.append(before == '{' ? "{}" : "}");
      return;
    case Json::value_t::array:
      before = '[';
      for (const Json& item : value.get_ref<const Json::array_t&>()) {
        out += std::exchange(before, ',');
        append_plain_json(out, item);
      }
      out.append(before == '[' ? "[]" : "]");
      return;
    case Json::value_t::string:
      return append_plain_string(out, value.get_ref<const std::string&>());
    case Json::value_t::boolean:
      out += value.get<bool>() ? "true" : "false";
      return;
    case Json::value_t::null:
      out += "null";
      return;
    default:
      out += value.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
}

}  // namespace capstan::sdk::detail
