#include "runtime/object/schema/schema.h"

#include "runtime/object/schema/schema_node.h"

namespace capstan {

Schema::Schema(std::unique_ptr<const SchemaNode> root) : root_(std::move(root)) {}
Schema::~Schema() = default;

Result<SchemaPtr> SchemaCache::get(const KindVersion& version) {
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(version.schema.get());
  // Another document may since live at the same address, so the entry must be of this one.
  if (found != entries_.end() && found->second.document.lock() == version.schema) {
    return found->second.schema;
  }
  std::erase_if(entries_, [](const auto& entry) { return entry.second.document.expired(); });
  SchemaPtr schema = TRY(Schema::compile(TRY(parse_json(*version.schema))));
  entries_[version.schema.get()] = {version.schema, schema};
  return schema;
}

}  // namespace capstan
