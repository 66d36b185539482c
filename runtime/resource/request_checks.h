// Checks that what a write carries fits where it was sent.
//
// Thread safety: pure functions.
#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/object/object_key.h"

namespace capstan {

// apiVersion and kind are those of the request (absent ones are set), metadata is an object (made
// where absent). Errors: kInvalid without fields.
Result<void> check_object_type(Json& object, const std::string& api_version,
                               const std::string& kind);

// metadata's namespace and name, where given, are those of the key. An empty name of the key takes
// any. Errors: kInvalid without fields.
Result<void> check_object_place(Json& metadata, const ObjectKey& key, bool namespaced);

}  // namespace capstan
