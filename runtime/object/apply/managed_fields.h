// metadata.managedFields: which manager set which fields.
//
// Thread safety: values.
#pragma once

#include <compare>
#include <string>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/object/apply/field_set.h"

namespace capstan {

// Writes with the same id share an entry. An applier is the same whatever the version it applies.
struct ManagerId {
  std::string manager;
  bool applied = false;  // operation Apply, else Update
  std::string subresource;
  std::string api_version;  // "" where applied
  auto operator<=>(const ManagerId&) const = default;

  // As it stands in conflicts: `"kubectl" using v1`, `"x" with subresource "status" using v1`.
  std::string readable() const;
};

struct ManagedEntry {
  ManagerId id;
  std::string api_version;  // the version that `fields` speaks of
  std::string time;         // RFC 3339, "" where unknown
  FieldSet fields;
  bool operator==(const ManagedEntry&) const = default;
};
using ManagedFields = std::vector<ManagedEntry>;

// As a list or as text (runtime/base/raw_json.h). Entries that are malformed are an error: kInvalid
// with the field metadata.managedFields[i].
// An absent or empty list gives no entries.
Result<ManagedFields> read_managed_fields(const Json& object);
// Replaces metadata.managedFields by text, sorted as Kubernetes does; no entries remove it.
void write_managed_fields(Json& object, const ManagedFields& entries);

}  // namespace capstan
