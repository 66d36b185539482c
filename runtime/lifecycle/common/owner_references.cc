#include "runtime/lifecycle/common/owner_references.h"

#include <algorithm>

namespace capstan::lifecycle {
namespace {

GroupKind group_kind(const OwnerReference& owner) {
  return {GroupVersion::parse(owner.api_version).group, owner.kind};
}

}  // namespace

OwnerReference owner_reference(const Object& owner, bool controller) {
  return {owner.api_version(), owner.kind(), owner.meta().name,
          owner.meta().uid,    controller,   controller};
}

bool ensure_owner(std::vector<OwnerReference>& owners, const OwnerReference& owner) {
  for (OwnerReference& present : owners) {
    if (present.name != owner.name || group_kind(present) != group_kind(owner)) continue;
    OwnerReference wanted = owner;
    wanted.controller |= present.controller && present.uid == owner.uid;
    wanted.block_owner_deletion |= present.block_owner_deletion && present.uid == owner.uid;
    if (present == wanted) return false;
    present = std::move(wanted);
    return true;
  }
  owners.push_back(owner);
  return true;
}

bool drop_owners(std::vector<OwnerReference>& owners, const GroupKind& kind) {
  return std::erase_if(owners, [&](const OwnerReference& o) { return group_kind(o) == kind; }) > 0;
}

const OwnerReference* find_owner(const Metadata& meta, const GroupKind& kind) {
  for (const OwnerReference& owner : meta.owner_references) {
    if (group_kind(owner) == kind) return &owner;
  }
  return nullptr;
}

bool owned_by(const Metadata& meta, const std::string& uid) {
  return std::any_of(meta.owner_references.begin(), meta.owner_references.end(),
                     [&](const OwnerReference& owner) { return owner.uid == uid; });
}

bool controlled_by(const Metadata& meta, const std::string& uid) {
  const OwnerReference* controller = meta.controller();
  return controller != nullptr && controller->uid == uid;
}

Json owners_json(const std::vector<OwnerReference>& owners) {
  Json list = Json::array();
  for (const OwnerReference& owner : owners) {
    Json item = {{"apiVersion", owner.api_version},
                 {"kind", owner.kind},
                 {"name", owner.name},
                 {"uid", owner.uid}};
    if (owner.controller) item["controller"] = true;
    if (owner.block_owner_deletion) item["blockOwnerDeletion"] = true;
    list.push_back(std::move(item));
  }
  return list;
}

}  // namespace capstan::lifecycle
