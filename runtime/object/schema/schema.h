// A structural schema (the openAPIV3Schema of a CustomResourceDefinition), compiled once into a
// compact immutable tree, and what a write does with it: prune, default, validate.
//
// `apiVersion`, `kind` and `metadata` of the root, and of embedded resources, have rules of their
// own (metadata_rules.h) and are never pruned away.
//
// Thread safety: Schema is immutable; SchemaCache from any thread.
//
// Example:
//   const SchemaPtr schema = TRY(cache.get(version));
//   const std::vector<std::string> unknown = schema->prune(object);
//   schema->apply_defaults(object);
//   std::vector<FieldError> wrong = schema->validate(object, old);
//   if (!wrong.empty()) return invalid_object(kind, name, std::move(wrong));
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/object/kind.h"

namespace capstan {

struct SchemaNode;  // schema_node.h
class Schema;
using SchemaPtr = std::shared_ptr<const Schema>;

class Schema {
 public:
  // Errors: kInvalid with the path inside the schema: a pattern that is no RE2 expression, a CEL
  // rule that does not parse, a malformed keyword.
  static Result<SchemaPtr> compile(const Json& open_api_v3_schema);
  ~Schema();

  // Removes what the schema does not know, also of metadata, and gives the paths of what it
  // removed ("spec.x", "spec.list[0].y") in the object's order.
  std::vector<std::string> prune(Json& object) const;

  // Sets missing fields that have a default, and drops nulls where a default or the type forbids
  // them.
  void apply_defaults(Json& object) const;

  // All that is wrong, in the schema's terms and by its CEL rules; empty where nothing is. With
  // `old` (the stored object, in the same version), what is wrong but has not changed is
  // tolerated, and transition rules (oldSelf) run. metadata is not looked at (validate_metadata
  // does), but for embedded resources.
  std::vector<FieldError> validate(const Json& object, const Json* old = nullptr) const;

  const SchemaNode& root() const { return *root_; }

 private:
  explicit Schema(std::unique_ptr<const SchemaNode> root);
  std::unique_ptr<const SchemaNode> root_;
};

// Compiled schemas by the KindVersion they came from. An entry is kept until the kind's schema
// document is gone.
class SchemaCache {
 public:
  // Errors: those of Schema::compile.
  Result<SchemaPtr> get(const KindVersion& version);

 private:
  struct Entry {
    std::weak_ptr<const std::string> document;
    SchemaPtr schema;
  };
  std::mutex mutex_;
  std::map<const std::string*, Entry> entries_;
};

}  // namespace capstan
