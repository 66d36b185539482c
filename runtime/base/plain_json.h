// JSON text to and from trees for the ordinary case, several times faster than the general parser
// and serializer, whose results it equals.
//
// Thread safety: functions of their arguments.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "runtime/base/json.h"

namespace capstan {

// Nothing where the text is malformed or not ordinary: deeper than 100 levels, a member given
// twice, an integer beyond 64 bits, surrogates. Only the general parser can tell which.
std::optional<Json> parse_plain_json(std::string_view text);

// A member that becomes a raw_json(): the names that lead to it, and what finds its value in a text
// that is known to be JSON (nothing: all is built).
struct RawMember {
  std::span<const std::string_view> path;
  std::optional<std::string_view> (*find)(std::string_view text);
};
// The same but for that member, of which nothing is looked at but that it is JSON.
std::optional<Json> parse_plain_json(std::string_view text, const RawMember& raw);

// Appends compact text; bytes that are no UTF-8 become U+FFFD.
void append_json(std::string& out, const Json& value);
// The same of a string.
void append_json_string(std::string& out, std::string_view text);

}  // namespace capstan
