// JSON Patch (RFC 6902) on objects.
//
// Thread safety: pure functions.
#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace capstan {

// Applies all operations or none: on an error `target` is as it was.
// Errors: kInvalid, naming the operation's index, op and path: a malformed patch (more than 10000
// operations also), a path that does not exist, a `test` that failed.
Result<void> apply_json_patch(Json& target, const Json& patch);

}  // namespace capstan
