// What only validation needs of a schema node. Most nodes have none of it, so it is kept apart.
#pragma once

#include <re2/re2.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/object/schema/formats.h"
#include "runtime/object/schema/rules.h"
#include "runtime/object/schema/schema_node.h"

namespace capstan {

struct SchemaChecks {
  Format format = Format::kNone;
  bool exclusive_minimum = false;
  bool exclusive_maximum = false;
  bool unique_items = false;
  std::optional<Json> minimum;  // numbers as they were written, for messages
  std::optional<Json> maximum;
  std::optional<Json> multiple_of;
  // Of characters, items or properties, by the node's type; "no limit" where absent.
  std::optional<uint64_t> min_length, max_length;
  std::optional<uint64_t> min_items, max_items;
  std::optional<uint64_t> min_properties, max_properties;
  std::shared_ptr<const re2::RE2> pattern;  // equal patterns of a schema are one
  std::vector<std::string> required;
  std::vector<Json> enum_values;
  std::vector<SchemaNode> all_of, any_of, one_of;
  std::unique_ptr<const SchemaNode> not_node;
  std::vector<SchemaRule> rules;
};

}  // namespace capstan
