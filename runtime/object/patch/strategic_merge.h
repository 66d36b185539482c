// Strategic merge patch, which kubectl sends for the builtin kinds: a merge patch whose lists merge
// by a key of their items instead of being replaced. Custom kinds do not take it (415).
//
// Directives: `$patch: replace|delete|merge`, `$deleteFromPrimitiveList/<field>`,
// `$setElementOrder/<field>`, `$retainKeys`.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/object/object_key.h"

namespace capstan {

// Errors: kInvalid with the field: an unknown directive, an item without its merge key.
Result<void> apply_strategic_merge_patch(const GroupKind& kind, Json& target, const Json& patch);

}  // namespace capstan
