// Owner references, as lists that are edited.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/object/object.h"

namespace capstan::lifecycle {

// A reference to `owner`; the controller's also blocks its deletion in the foreground.
OwnerReference owner_reference(const Object& owner, bool controller);

// Adds the reference, or corrects the one of the same group, kind and name. A plain owner does not
// take `controller` away from itself. Gives whether anything changed.
bool ensure_owner(std::vector<OwnerReference>& owners, const OwnerReference& owner);
// Gives whether any was there.
bool drop_owners(std::vector<OwnerReference>& owners, const GroupKind& kind);

// The owner of this kind, or null; lifetime of `meta`.
const OwnerReference* find_owner(const Metadata& meta, const GroupKind& kind);
bool owned_by(const Metadata& meta, const std::string& uid);
bool controlled_by(const Metadata& meta, const std::string& uid);

Json owners_json(const std::vector<OwnerReference>& owners);

}  // namespace capstan::lifecycle
