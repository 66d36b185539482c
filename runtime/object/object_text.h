// What is done to an object's JSON text itself, without building a tree: the store's single writer
// pays for it on every commit, and every call of a plugin.
//
// Thread safety: functions of their arguments.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/object/object.h"

namespace capstan {

// What the runtime itself reads of an object.
struct ObjectHead {
  std::string api_version;
  std::string kind;
  Metadata meta;
};

// Checks the whole text and reads its head. `text` becomes compact; it is written anew where it has
// what only the tree parser understands (numbers beyond 64 bits, a member given twice).
// Errors: kInvalid with the line and column, or with the field.
Result<ObjectHead> read_head(std::string& text);

// `text` with metadata.resourceVersion set, at its sorted place where it was missing.
// Precondition: compact JSON of an object with metadata. Nothing where a name is written with
// escapes, so that only a parser could tell what it is.
std::optional<std::string> with_resource_version(std::string_view text, std::string_view version);

// The value of metadata.managedFields as it stands in compact JSON; nothing where there is none, or
// a name is written with escapes.
std::optional<std::string_view> find_managed_fields(std::string_view text);

// Appends `text` without metadata.managedFields, which only the API and its clients look at.
void append_without_managed_fields(std::string& out, std::string_view text);

}  // namespace capstan
