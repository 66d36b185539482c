// Trees of whole objects, in which metadata.managedFields stays text (runtime/base/raw_json.h): it
// is half of what many objects have, and only the bookkeeping of ownership looks into it.
//
// Thread safety: functions of their arguments.
//
// Example:
//   const Json tree = TRY(parse_object_tree(object.text()));
//   const Json fields = managed_fields_of(tree);  // a list again
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>

#include "runtime/base/json.h"

namespace capstan {

// The tree of an object's text. Precondition: compact JSON. Errors: those of parse_json().
Result<Json> parse_object_tree(std::string_view text);

// The same of what a client sent, compact or not; nothing where parse_plain_json() gives nothing.
std::optional<Json> parse_plain_object(std::string_view text);

// metadata.managedFields of a tree becomes text where it is a list...
void pack_managed_fields(Json& object);
// ...and a list where it is text.
void unpack_managed_fields(Json& object);

// Whether two trees say the same at a path; also where neither says anything.
bool same_at(const Json& before, const Json& after, std::initializer_list<std::string_view> path);

// What the object says of managedFields, never as text; null where there is nothing.
Json managed_fields_of(const Json& object);

}  // namespace capstan
