// JSON text to and from trees for the ordinary case, several times faster than the general parser
// and serializer, whose results it equals.
//
// Thread safety: functions of their arguments.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/json.h"

namespace capstan {

// Nothing where the text is malformed or not ordinary: deeper than 100 levels, a member given
// twice, an integer beyond 64 bits, surrogates. Only the general parser can tell which.
std::optional<Json> parse_plain_json(std::string_view text);

// Appends compact text; bytes that are no UTF-8 become U+FFFD.
void append_json(std::string& out, const Json& value);

}  // namespace capstan
