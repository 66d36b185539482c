// Field errors in the words of Kubernetes' API server, so that clients and people that know those
// find the same here. Each function makes one FieldError whose `reason` is the cause's reason and
// whose `message` is the cause's message (without the field's name).
//
// Thread safety: pure functions.
//
// Example:
//   errors.push_back(field_required("spec.clusterName", ""));
//   return invalid_object({"cluster.x-k8s.io", "Machine"}, "m1", std::move(errors));
//   // Machine.cluster.x-k8s.io "m1" is invalid: spec.clusterName: Required value
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/object/object_key.h"

namespace capstan {

FieldError field_invalid(std::string field, const Json& value, std::string_view detail);
FieldError field_type_invalid(std::string field, const Json& value, std::string_view detail);
FieldError field_required(std::string field, std::string_view detail);
FieldError field_duplicate(std::string field, const Json& value);
FieldError field_forbidden(std::string field, std::string_view detail);
FieldError field_not_supported(std::string field, const Json& value,
                               const std::vector<std::string>& supported);
FieldError field_too_long(std::string field, size_t max_bytes);
FieldError field_too_many(std::string field, size_t actual, size_t max);

// The error of a write that was refused: kInvalid, with the fields and a message that lists them.
Error invalid_object(const GroupKind& kind, std::string_view name, std::vector<FieldError> fields);

// The error of a strict decode: kInvalid with no fields, `strict decoding error: unknown field
// "spec.x", unknown field "spec.y"`. The paths are what Schema::prune gave.
Error strict_decoding_error(const std::vector<std::string>& unknown_paths);

}  // namespace capstan
