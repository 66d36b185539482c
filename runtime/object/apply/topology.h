// How apply sees a value: as one piece, as a list of named items, or as a map of fields. The schema
// says it where there is one; elsewhere it is deduced from the value, and lists are one piece.
//
// Thread safety: pure functions.
#pragma once

#include <string_view>

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/object/apply/field_set.h"
#include "runtime/object/schema/schema_node.h"

namespace capstan {

struct Topology {
  enum class Form { kScalar, kList, kMap };
  Form form = Form::kScalar;
  bool atomic = false;  // a list or map that is one piece
  bool operator==(const Topology&) const = default;
};

// `node` is null where there is no schema.
Topology topology_of(const SchemaNode* node, const Json& value);

struct TopologyMember {
  const SchemaNode* node = nullptr;
  bool declared = false;  // a field that the schema names, as opposed to a key of a map
};
TopologyMember topology_member(const SchemaNode* node, std::string_view name);

// The name of an item in a list that is not atomic.
// Errors: kInvalid: an item that is no object, or lacks all keys; an item of a set that is no
// scalar.
Result<PathElement> item_element(const SchemaNode& list, const Json& item);

}  // namespace capstan
