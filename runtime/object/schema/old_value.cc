#include "runtime/object/schema/old_value.h"

namespace capstan {

const Json* old_member(const Json* old, const std::string& name) {
  if (old == nullptr || !old->is_object()) return nullptr;
  const auto found = old->find(name);
  return found == old->end() ? nullptr : &*found;
}

Json keys_of(const Json& item, const SchemaNode& list) {
  Json keys = Json::object();
  for (const std::string& key : list.list_map_keys) {
    if (const auto value = item.find(key); value != item.end()) keys[key] = *value;
  }
  return keys;
}

OldItems::OldItems(const Json* old, const SchemaNode& list) : list_(list) {
  if (list.list_type != ListType::kMap || old == nullptr || !old->is_array()) return;
  for (const Json& item : *old) {
    if (item.is_object()) items_.emplace(keys_of(item, list), &item);
  }
}

const Json* OldItems::find(const Json& item) const {
  if (items_.empty() || !item.is_object()) return nullptr;
  const auto found = items_.find(keys_of(item, list_));
  return found == items_.end() ? nullptr : found->second;
}

}  // namespace capstan
