// The forms that a value can change between on its way from one version to another.
//
// Thread safety: free functions. Errors: kInvalid whose message says what was expected and found.
#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/object/conversion_step.h"

namespace capstan {

// "1h30m" <-> 5400. Fractions of seconds are cut off.
Result<Json> convert_seconds(const Json& value, Direction direction);

// {apiVersion, kind, name, namespace, ...} <-> {apiGroup, kind, name}, or with `options`
//   keep: apiVersion        <-> {apiVersion, kind, name}
//   apiVersion, kind        <-> {name}, of that kind
// A reference to nothing becomes null.
Result<Json> convert_reference(const Json& value, const Json& options, const StepContext& context);

// {"a": {...}} <-> [{"name": "a", ...}]; with options.value scalars, kept under that name.
Result<Json> convert_named(Json value, const Json& options, Direction direction);

// What was found, for an error: a scalar as it is, of anything else only what it is.
std::string describe_value(const Json& value);

}  // namespace capstan
