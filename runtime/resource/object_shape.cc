#include "runtime/resource/object_shape.h"

#include "runtime/object/schema/field_errors.h"
#include "runtime/object/schema/metadata_rules.h"
#include "runtime/resource/event_versions.h"

namespace capstan {

Result<Json> ObjectShape::convert(const Kind& kind, Json object, const std::string& version) const {
  const std::string api_version = GroupVersion{kind.id.group, version}.text();
  if (get_string(object, {"apiVersion"}) == api_version) return object;
  return converter_(kind, std::move(object), version);
}

Result<Json> ObjectShape::to_storage(const Kind& kind, Json object) const {
  if (!kind.stored_as.empty()) return event_to_core(std::move(object));
  return convert(kind, std::move(object), kind.storage_version().name);
}

Result<Json> ObjectShape::from_storage(const Kind& kind, Json object,
                                       const std::string& version) const {
  if (!kind.stored_as.empty()) return event_from_core(std::move(object));
  return convert(kind, std::move(object), version);
}

Result<void> ObjectShape::prune(const Kind& kind, const KindVersion& version, Json& object,
                                const WriteOptions& options) const {
  const SchemaPtr schema = TRY(schemas_.get(version));
  const std::vector<std::string> unknown = schema->prune(object);
  if (unknown.empty() || options.field_validation == FieldValidation::kIgnore) return {};
  if (options.field_validation == FieldValidation::kStrict) {
    return strict_decoding_error(unknown).with_context(kind.id.kind + " in version \"" +
                                                       version.name + "\" cannot be handled as a " +
                                                       kind.id.kind);
  }
  if (options.warnings != nullptr) {
    for (const std::string& path : unknown) {
      options.warnings->push_back("unknown field \"" + path + "\"");
    }
  }
  return {};
}

Result<void> ObjectShape::apply_defaults(const KindVersion& version, Json& object) const {
  TRY(schemas_.get(version))->apply_defaults(object);
  return {};
}

Result<void> ObjectShape::validate(const Kind& kind, const KindVersion& version, const Json& object,
                                   const Json* old) const {
  const Json& metadata = object.at("metadata");
  const NameRule rule = name_rule(kind.id);
  std::vector<FieldError> wrong = old == nullptr
                                      ? validate_metadata(metadata, rule, kind.namespaced)
                                      : validate_metadata_update(metadata, old->at("metadata"));
  const SchemaPtr schema = TRY(schemas_.get(version));
  std::vector<FieldError> more = schema->validate(object, old);
  wrong.insert(wrong.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
  if (wrong.empty()) return {};
  return invalid_object(kind.id, get_string(metadata, {"name"}), std::move(wrong));
}

Result<ApplyTypes> ObjectShape::apply_types(const Kind& kind, const KindVersion& version) const {
  ApplyTypes types;
  types.root = &TRY(schemas_.get(version))->root();
  types.convert = [this, &kind](const Json& object, const std::string& api_version) {
    return convert(kind, object, GroupVersion::parse(api_version).version);
  };
  types.schema_of = [this, &kind](const std::string& api_version) -> const SchemaNode* {
    const KindVersion* other = kind.version(GroupVersion::parse(api_version).version);
    if (other == nullptr) return nullptr;
    const auto schema = schemas_.get(*other);
    return schema.ok() ? &(*schema)->root() : nullptr;
  };
  return types;
}

}  // namespace capstan
