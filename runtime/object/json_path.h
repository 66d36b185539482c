// JSONPath as Kubernetes' printer columns, scale subresources and `kubectl -o jsonpath` have it.
//
// Supported: `.a.b`, `.a\.b`, `['a.b']`, `["a"]`, `[0]`, `[-1]`, `[1:3]`, `[0:4:2]`, `[*]`, `.*`,
// `..a`, filters `[?(@.type=="Ready")]` with ==, !=, <, <=, >, >=, and existence, either quote
// style; one pair of outer braces and a leading `$` are ignored.
//
// Thread safety: immutable.
//
// Example:
//   const JsonPath path =
//   TRY(JsonPath::compile(".status.conditions[?(@.type==\"Ready\")].status")); const Json* ready =
//   path.first(object);
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace capstan {

class JsonPath {
 public:
  // Errors: kInvalid with the path, the position and what was expected there.
  static Result<JsonPath> compile(std::string_view path);

  // Everything the path leads to, in document order. A missing step gives nothing and is no error.
  // Lifetime: of `value`.
  std::vector<const Json*> find(const Json& value) const;
  // The first of them, or null.
  const Json* first(const Json& value) const;

  const std::string& text() const { return text_; }

  struct Step;

 private:
  std::string text_;
  std::shared_ptr<const std::vector<Step>> steps_;
};

// The cell of a table for a column of `type` (string, integer, number, boolean, date): null where
// the path leads nowhere or the value is of another type. A date becomes its age at `now`, as
// kubectl prints it; objects and lists in a string column become JSON.
Json table_cell(const JsonPath& path, std::string_view type, const Json& object, Instant now);

}  // namespace capstan
