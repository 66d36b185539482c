#include "runtime/object/schema/schema_node.h"

#include <algorithm>

#include "runtime/object/schema/schema_checks.h"

namespace capstan {

SchemaNode::SchemaNode() = default;
SchemaNode::~SchemaNode() = default;
SchemaNode::SchemaNode(SchemaNode&&) noexcept = default;
SchemaNode& SchemaNode::operator=(SchemaNode&&) noexcept = default;

const SchemaNode* SchemaNode::property(std::string_view name) const {
  const auto at = std::lower_bound(
      properties.begin(), properties.end(), name,
      [](const SchemaProperty& property, std::string_view key) { return property.name < key; });
  return at != properties.end() && at->name == name ? at->node.get() : nullptr;
}

const SchemaNode* SchemaNode::member(std::string_view name) const {
  const SchemaNode* node = property(name);
  return node != nullptr ? node : additional.get();
}

}  // namespace capstan
