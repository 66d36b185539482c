// Finds what a part of an object was before, so that it can be told whether it changed: members by
// name, items of lists of type map by their keys. Other items have no past.
//
// Thread safety: immutable.
#pragma once

#include <map>
#include <string>

#include "runtime/base/json.h"
#include "runtime/object/schema/schema_node.h"

namespace capstan {

// Null where there was none. `old` may be null.
const Json* old_member(const Json* old, const std::string& name);

// The values of an item's keys: what names it in a list of type map.
Json keys_of(const Json& item, const SchemaNode& list);

class OldItems {
 public:
  // Lifetime: of `old`, which may be null.
  OldItems(const Json* old, const SchemaNode& list);
  const Json* find(const Json& item) const;

 private:
  const SchemaNode& list_;
  std::map<Json, const Json*> items_;
};

}  // namespace capstan
