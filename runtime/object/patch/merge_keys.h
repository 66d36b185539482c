// Which lists of the builtin kinds merge in a strategic merge patch, and by which field of their
// items. The facts are patchStrategy and patchMergeKey of Kubernetes' API types.
//
// Thread safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runtime/object/object_key.h"

namespace capstan {

// Nothing where the list is replaced; "" where it is a set of scalars. `path` has no indices:
// "spec.template.spec.containers".
std::optional<std::string> merge_key(const GroupKind& kind, std::string_view path);

}  // namespace capstan
