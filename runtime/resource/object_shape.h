// The shape of objects on their way in and out: between versions, without unknown fields, with
// defaults, checked against schema and metadata rules.
//
// Thread safety: all members from any thread.
#pragma once

#include <string>
#include <vector>

#include "runtime/object/apply/apply.h"
#include "runtime/resource/resource_service.h"

namespace capstan {

class ObjectShape {
 public:
  ObjectShape(SchemaCache& schemas, ObjectConverter converter)
      : schemas_(schemas), converter_(std::move(converter)) {}

  // From any of the kind's versions to the form that is stored, and back to a version.
  Result<Json> to_storage(const Kind& kind, Json object) const;
  Result<Json> from_storage(const Kind& kind, Json object, const std::string& version) const;

  // Takes unknown fields away; under kStrict they are an error, under kWarn a warning.
  Result<void> prune(const Kind& kind, const KindVersion& version, Json& object,
                     const WriteOptions& options) const;
  Result<void> apply_defaults(const KindVersion& version, Json& object) const;
  // `old` is null for a new object. Errors: kInvalid with the fields.
  Result<void> validate(const Kind& kind, const KindVersion& version, const Json& object,
                        const Json* old) const;

  // What server-side apply needs of the kind. Lifetime: of this and `kind`.
  Result<ApplyTypes> apply_types(const Kind& kind, const KindVersion& version) const;

 private:
  Result<Json> convert(const Kind& kind, Json object, const std::string& version) const;

  SchemaCache& schemas_;
  ObjectConverter converter_;
};

}  // namespace capstan
