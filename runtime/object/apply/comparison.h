// Which fields differ between two objects, and which fields an object has, in the schema's
// topology.
//
// Thread safety: pure functions.
#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/object/apply/field_set.h"
#include "runtime/object/schema/schema_node.h"

namespace capstan {

struct Comparison {
  FieldSet added;
  FieldSet removed;
  FieldSet modified;
};

// Errors: kInvalid with the path of an item that has no name in its list.
Result<Comparison> compare_fields(const Json& from, const Json& to, const SchemaNode* node);

// All fields of an object: its leaves, the items of its lists and the keys of its maps.
// Errors: as above.
Result<FieldSet> fields_of(const Json& object, const SchemaNode* node);

// The set with all declared fields that have members below them.
FieldSet with_declared_parents(const FieldSet& set, const SchemaNode* node);

// The object without the fields of the set. A list or map that loses all it has becomes null.
Json without_fields(const Json& object, const FieldSet& fields, const SchemaNode* node);

}  // namespace capstan
