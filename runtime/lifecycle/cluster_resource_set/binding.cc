#include "runtime/lifecycle/cluster_resource_set/binding.h"

namespace capstan::lifecycle {

Binding Binding::from_object(const Object* object) {
  Binding binding;
  if (object == nullptr) return binding;
  const JsonPtr tree = object->tree();
  const Json* bindings = find(*tree, {"spec", "bindings"});
  if (bindings == nullptr || !bindings->is_array()) return binding;
  for (const Json& item : *bindings) {
    auto& resources = binding.sets[get_string(item, {"clusterResourceSetName"})];
    const Json* list = find(item, {"resources"});
    if (list == nullptr || !list->is_array()) continue;
    for (const Json& resource : *list) {
      resources.push_back({get_string(resource, {"kind"}), get_string(resource, {"name"}),
                           get_string(resource, {"hash"}),
                           get_string(resource, {"lastAppliedTime"}),
                           get_bool(resource, {"applied"})});
    }
  }
  return binding;
}

Json Binding::to_json() const {
  Json bindings = Json::array();
  for (const auto& [set, resources] : sets) {
    Json list = Json::array();
    for (const AppliedResource& resource : resources) {
      Json item = {{"kind", resource.kind}, {"name", resource.name}, {"applied", resource.applied}};
      if (!resource.hash.empty()) item["hash"] = resource.hash;
      if (!resource.last_applied.empty()) item["lastAppliedTime"] = resource.last_applied;
      list.push_back(std::move(item));
    }
    Json entry = {{"clusterResourceSetName", set}};
    if (!list.empty()) entry["resources"] = std::move(list);
    bindings.push_back(std::move(entry));
  }
  return bindings;
}

AppliedResource& Binding::entry(const std::string& set, const std::string& kind,
                                const std::string& name) {
  auto& resources = sets[set];
  for (AppliedResource& resource : resources) {
    if (resource.kind == kind && resource.name == name) return resource;
  }
  resources.push_back({kind, name, "", "", false});
  return resources.back();
}

bool needs_applying(const AppliedResource& entry, const std::string& hash, bool reconcile) {
  if (!entry.applied) return true;
  return reconcile && entry.hash != hash;
}

}  // namespace capstan::lifecycle
