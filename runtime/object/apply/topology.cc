#include "runtime/object/apply/topology.h"

#include "runtime/base/text.h"
#include "runtime/object/schema/schema.h"

namespace capstan {
namespace {

// The schema of ObjectMeta, as far as it matters who owns what.
const SchemaNode& metadata_node() {
  static const SchemaPtr kSchema = [] {
    const Json string = {{"type", "string"}};
    const Json strings = {{"type", "object"}, {"additionalProperties", string}};
    Json properties = {{"labels", strings}, {"annotations", strings}};
    properties["finalizers"] = {
        {"type", "array"}, {"x-kubernetes-list-type", "set"}, {"items", string}};
    properties["ownerReferences"] = {{"type", "array"},
                                     {"x-kubernetes-list-type", "map"},
                                     {"x-kubernetes-list-map-keys", {"uid"}},
                                     {"items",
                                      {{"type", "object"},
                                       {"x-kubernetes-map-type", "atomic"},
                                       {"properties", {{"uid", string}}}}}};
    for (const char* name : {"creationTimestamp", "deletionTimestamp", "generateName", "name",
                             "namespace", "resourceVersion", "selfLink", "uid"}) {
      properties[name] = string;
    }
    for (const char* name : {"deletionGracePeriodSeconds", "generation"}) {
      properties[name] = {{"type", "integer"}};
    }
    return *Schema::compile({{"type", "object"}, {"properties", properties}});
  }();
  return kSchema->root();
}

const SchemaNode& scalar_node() {
  static const SchemaPtr kSchema = *Schema::compile({{"type", "string"}});
  return kSchema->root();
}

Topology deduced(const Json& value) {
  if (value.is_array()) return {Topology::Form::kList, true};
  if (value.is_object() || value.is_null()) return {Topology::Form::kMap, false};
  return {};
}

// Null takes every form.
bool fits(const SchemaNode& node, const Json& value) {
  if (value.is_null()) return true;
  switch (node.type) {
    case SchemaType::kObject:
      return value.is_object();
    case SchemaType::kArray:
      return value.is_array();
    case SchemaType::kAny:
      return false;
    default:
      return !value.is_structured();
  }
}

}  // namespace

Topology topology_of(const SchemaNode* node, const Json& value) {
  if (node == nullptr) return deduced(value);
  if (!fits(*node, value)) {
    if (value.is_object()) return {Topology::Form::kMap, node->atomic_map};
    return deduced(value);
  }
  switch (node->type) {
    case SchemaType::kObject:
      return {Topology::Form::kMap, node->atomic_map};
    case SchemaType::kArray:
      return {Topology::Form::kList, node->list_type == ListType::kAtomic};
    case SchemaType::kAny:
      return node->int_or_string ? Topology{} : deduced(value);
    default:
      return {};
  }
}

TopologyMember topology_member(const SchemaNode* node, std::string_view name) {
  if (node == nullptr) return {};
  if (node->root || node->embedded_resource) {
    if (name == "metadata") return {&metadata_node(), true};
    if (name == "apiVersion" || name == "kind") return {&scalar_node(), true};
  }
  const SchemaNode* property = node->property(name);
  if (property != nullptr) return {property, true};
  return {node->additional.get(), false};
}

Result<PathElement> item_element(const SchemaNode& list, const Json& item) {
  if (list.list_type == ListType::kSet) {
    if (!item.is_structured() && !item.is_null()) return PathElement::value(item);
    return Error::invalid("an item of a list of type set must be a scalar");
  }
  if (!item.is_object()) return Error::invalid("an item of a list of type map must be an object");
  Json keys = Json::object();
  for (const std::string& key : list.list_map_keys) {
    const auto member = item.find(key);
    if (member != item.end()) {
      keys[key] = *member;
      continue;
    }
    const SchemaNode* node = list.items == nullptr ? nullptr : list.items->property(key);
    if (node != nullptr && node->default_value) keys[key] = *node->default_value;
  }
  if (!keys.empty()) return PathElement::key(keys);
  return Error::invalid("an item lacks the keys of its list (" + join(list.list_map_keys, ", ") +
                        ")");
}

}  // namespace capstan
