// The rules for metadata (ObjectMeta), which are the same for every kind and stand in no schema.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/object/object_key.h"

namespace capstan {

// What metadata.name may look like (names.h).
enum class NameRule {
  kSubdomain,    // most kinds
  kLabel,        // namespaces
  kServiceName,  // services
  kPathSegment,  // RBAC kinds
};
NameRule name_rule(const GroupKind& kind);

// Removes what ObjectMeta does not know; paths are appended as "<path>.x".
void prune_metadata(Json& metadata, const std::string& path, std::vector<std::string>& removed);

// Types, name (or generateName), namespace, labels, annotations, finalizers and owner references
// of a new object. An object that has only a generateName has its name to be generated first.
std::vector<FieldError> validate_metadata(const Json& metadata, NameRule rule, bool namespaced);

// What an update may not change (name, namespace, uid, creationTimestamp, deletionTimestamp,
// deletionGracePeriodSeconds), no new finalizers once deletion has begun, and the rules of
// validate_metadata for the rest. resourceVersion is the writer's business.
std::vector<FieldError> validate_metadata_update(const Json& metadata, const Json& old);

// Labels, annotations, finalizers and owner references of an object inside another one.
std::vector<FieldError> validate_embedded_metadata(const Json& metadata, const std::string& path);

}  // namespace capstan
