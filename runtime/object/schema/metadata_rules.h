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

// What metadata.name may look like.
enum class NameRule {
  kSubdomain,    // RFC 1123 subdomain, up to 253 characters: most kinds
  kLabel,        // RFC 1123 label, up to 63: namespaces
  kServiceName,  // RFC 1035 label: services
  kPathSegment,  // anything that is one segment of a URL: RBAC kinds
};
NameRule name_rule(const GroupKind& kind);

// Removes what ObjectMeta does not know; paths are appended as "<path>.x".
void prune_metadata(Json& metadata, const std::string& path, std::vector<std::string>& removed);

// Name (or generateName), namespace, labels, annotations, finalizers and owner references of a new
// object. `path` is "metadata" for the object itself.
std::vector<FieldError> validate_metadata(const Json& metadata, NameRule rule, bool namespaced,
                                          const std::string& path = "metadata");

// What an update may not change: name, namespace, uid, creationTimestamp, deletionTimestamp; no new
// finalizers once deletion has begun. Runs the checks of validate_metadata too, on what changed.
std::vector<FieldError> validate_metadata_update(const Json& metadata, const Json& old,
                                                 NameRule rule, bool namespaced);

// Single values. Each gives what is wrong in Kubernetes' words, or "" where nothing is.
std::string check_dns_subdomain(std::string_view text);
std::string check_dns_label(std::string_view text);
std::string check_dns_1035_label(std::string_view text);
std::string check_path_segment(std::string_view text);
std::string check_qualified_name(std::string_view text);  // label and annotation keys
std::string check_label_value(std::string_view text);

}  // namespace capstan
