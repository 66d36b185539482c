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

// Two writes of one manager are one entry where operation, version and subresource are the same;
// for Apply the version does not count.
struct ManagerId {
  std::string manager;
  bool applied = false;  // operation Apply, else Update
  std::string subresource;
  std::string api_version;
  auto operator<=>(const ManagerId&) const = default;
};

struct ManagedEntry {
  ManagerId id;
  std::string time;  // RFC 3339, "" where unknown
  FieldSet fields;
  bool operator==(const ManagedEntry&) const = default;
};
using ManagedFields = std::vector<ManagedEntry>;

// Entries that are malformed are an error: kInvalid with the field metadata.managedFields[i].
// An absent or empty list gives no entries.
Result<ManagedFields> read_managed_fields(const Json& object);
// Replaces metadata.managedFields, sorted as Kubernetes does; no entries remove it.
void write_managed_fields(Json& object, const ManagedFields& entries);

}  // namespace capstan
