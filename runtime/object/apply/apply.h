// Server-side apply, and the field ownership that every other write leaves behind.
//
// The rules are Kubernetes': a manager owns what it applied; what it no longer applies and nobody
// else owns is removed; a field that another manager owns and that would get another value is a
// conflict, unless forced. Create, update and the other patches take the ownership of what they
// change. Neither changes anything, not even a time, where the object does not change.
//
// Thread safety: pure functions.
//
// Example:
//   const Writer writer{.manager = "kubectl", .api_version = "v1", .now = clock.now()};
//   Json next = TRY(server_side_apply(live, applied, {&schema->root()}, writer, force));
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/object/apply/field_set.h"
#include "runtime/object/schema/schema.h"

namespace capstan {

// Who writes, and to what part of the object.
struct Writer {
  std::string manager = {};
  std::string api_version = {};  // of the objects passed, e.g. "cluster.x-k8s.io/v1beta2"
  std::string subresource = {};  // "", "status", "scale"
  Instant now = {};
  // Whether the kind has a status subresource: then writes to the main resource own no status, and
  // writes to status own nothing but it.
  bool has_status_subresource = false;
};

// The shapes of the object, for the version that is written and for the versions in which other
// managers wrote.
struct ApplyTypes {
  const SchemaNode* root = nullptr;  // null: no schema, all is deduced
  // An object (live, new or applied) in another version, and that version's schema. Without it, or
  // where it fails, the entries of other versions are compared as they stand.
  std::function<Result<Json>(const Json& object, const std::string& api_version)> convert = {};
  std::function<const SchemaNode*(const std::string& api_version)> schema_of = {};
};

// The object after the apply, with its managedFields. `live` is the stored object in the applied
// version, null where there is none yet. `applied` must carry no managedFields.
// The result equals `live` where nothing changed.
// Errors: kInvalid (a duplicate key in a list, managedFields set, malformed managedFields);
// kConflict with one FieldError a field: reason FieldManagerConflict, field ".spec.replicas",
// message `conflict with "kubectl" using v1`.
Result<Json> server_side_apply(const Json& live, const Json& applied, const ApplyTypes& types,
                               const Writer& writer, bool force);

// Sets the managedFields of `updated` as a create (`live` null), update or patch by `writer` leaves
// them. What `updated` says of managedFields itself counts only where it differs from `live`: an
// empty list ([] or [{}]) resets them. Errors: none but malformed managedFields are ignored.
Result<void> update_managed_fields(const Json& live, Json& updated, const ApplyTypes& types,
                                   const Writer& writer);

}  // namespace capstan
