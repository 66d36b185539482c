// JSON as the whole project uses it. `Json` sorts keys, so equal values have equal text.
//
// Thread safety: values; concurrent reads of one value are safe.
#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace capstan {

using Json = nlohmann::json;

// Strict JSON of at most 100 levels. The error says line and column, and what was found.
Result<Json> parse_json(std::string_view text);

// Compact text. Bytes that are no UTF-8 become U+FFFD, so it cannot fail.
std::string dump_json(const Json& value);

// The value at a path of member names, or null where a step is missing or is no object.
// Lifetime: of `value`.
//   find(object, {"status", "initialization", "provisioned"})
const Json* find(const Json& value, std::initializer_list<std::string_view> path);

// The same with a type and a fallback: a missing or otherwise typed value gives the fallback.
std::string get_string(const Json& value, std::initializer_list<std::string_view> path,
                       std::string fallback = "");
bool get_bool(const Json& value, std::initializer_list<std::string_view> path,
              bool fallback = false);
int64_t get_int(const Json& value, std::initializer_list<std::string_view> path,
                int64_t fallback = 0);

// The value at the path, made with objects where missing. What stands in the way and is no object
// is replaced by one.
Json& make(Json& value, std::initializer_list<std::string_view> path);

// RFC 7386: null removes, objects merge, all else replaces.
void merge_patch(Json& target, const Json& patch);
// The merge patch that turns `from` into `to`; an empty object where they are equal.
Json merge_diff(const Json& from, const Json& to);

}  // namespace capstan
