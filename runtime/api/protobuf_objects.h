// Objects that clients send as protobuf, as JSON: the envelope "k8s\0" with a runtime.Unknown in
// it, whose raw bytes are the object.
//
// Thread safety: pure functions.
#pragma once

#include <string_view>

#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace capstan {

// Errors: kInvalid (malformed), kUnimplemented (a kind that is not in the tables; send JSON).
Result<Json> decode_protobuf_object(std::string_view body);

}  // namespace capstan
