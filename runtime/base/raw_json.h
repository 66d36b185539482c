// A value in a tree that stays text, because hardly anybody looks into it: copied, compared and
// written as one piece. To everything else it is a value of a type that JSON does not have.
//
// Thread safety: functions of their arguments.
//
// Example:
//   Json object = {{"fields", raw_json("[1,2]")}};
//   dump_json(object);  // {"fields":[1,2]}
#pragma once

#include <string_view>

#include "runtime/base/json.h"

namespace capstan {

// Precondition: compact JSON.
inline Json raw_json(std::string_view text) {
  return Json::binary(Json::binary_t::container_type(text.begin(), text.end()));
}

inline bool is_raw_json(const Json& value) {
  return value.is_binary();
}

// The text of a value that is_raw_json(). Lifetime: of the value.
inline std::string_view raw_text(const Json& value) {
  const Json::binary_t& bytes = value.get_binary();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace capstan
