// The object that results from laying an applied configuration over a live object.
//
// Thread safety: pure functions.
#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/object/schema/schema_node.h"

namespace capstan {

// Fields of `applied` win; maps and lists with named items are merged; the items stand in the
// applied order, with those of `live` alone between them.
// Errors: kInvalid with the path: an applied list that names an item twice, an item without name.
Result<Json> merge_applied(const Json& live, const Json& applied, const SchemaNode* node);

}  // namespace capstan
