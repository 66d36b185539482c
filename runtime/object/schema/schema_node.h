// The compiled form of a schema. Public for what walks objects by their schema (apply, printing);
// everyone else uses schema.h.
//
// Thread safety: immutable once compiled.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/json.h"

namespace capstan {

struct SchemaChecks;  // schema_checks.h: what only validation needs

// kAny stands where no type is given (x-kubernetes-int-or-string, preserve-unknown-fields).
enum class SchemaType : uint8_t { kAny, kObject, kArray, kString, kInteger, kNumber, kBoolean };
enum class ListType : uint8_t { kAtomic, kSet, kMap };

struct SchemaProperty {
  std::string name;
  std::unique_ptr<const struct SchemaNode> node;
};

struct SchemaNode {
  SchemaNode();
  ~SchemaNode();
  SchemaNode(SchemaNode&&) noexcept;
  SchemaNode& operator=(SchemaNode&&) noexcept;

  SchemaType type = SchemaType::kAny;
  ListType list_type = ListType::kAtomic;
  bool nullable = false;
  bool int_or_string = false;
  bool preserve_unknown = false;
  bool embedded_resource = false;
  bool atomic_map = false;      // x-kubernetes-map-type: atomic
  bool root = false;            // has apiVersion, kind and metadata
  bool any_additional = false;  // additionalProperties: true
  bool typed = false;           // whether a type is demanded, here or by int-or-string
  bool has_rules = false;       // CEL rules, here or below
  std::vector<std::string> list_map_keys;
  std::vector<SchemaProperty> properties;        // sorted by name
  std::unique_ptr<const SchemaNode> additional;  // additionalProperties with a schema
  std::unique_ptr<const SchemaNode> items;
  std::optional<Json> default_value;
  std::unique_ptr<const SchemaChecks> checks;

  // The schema of a member, from properties or additionalProperties; null where unknown.
  const SchemaNode* member(std::string_view name) const;
  const SchemaNode* property(std::string_view name) const;
};

}  // namespace capstan
