// What a write does to the ownership of fields: the rules of conflicts, of moving ownership and of
// removing what is owned no longer.
//
// Thread safety: not safe; one instance serves one write.
#pragma once

#include <map>
#include <string>

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/object/apply/apply.h"
#include "runtime/object/apply/comparison.h"
#include "runtime/object/apply/managed_fields.h"

namespace capstan {

struct OwnedFields {
  std::string api_version;
  FieldSet fields;
  bool operator==(const OwnedFields&) const = default;
};
using Owners = std::map<ManagerId, OwnedFields>;

class Ownership {
 public:
  Ownership(const ApplyTypes& types, const Writer& writer) : types_(types), writer_(writer) {}

  // The set without what nobody owns (name, resourceVersion, ...) and without what this writer
  // cannot write (status, or all but status).
  FieldSet owned(FieldSet fields) const;

  // Takes from all but `self` what changed between `live` and `next`. What they own and would lose
  // is a conflict unless `force`. Gives the difference in the written version.
  // Errors: kConflict with the fields.
  Result<Comparison> take(const Json& live, const Json& next, Owners& owners, const ManagerId* self,
                          bool force);

  // `merged` without what `last` had and now nobody owns.
  Result<Json> prune(const Json& merged, const Owners& owners, const OwnedFields& last);

 private:
  // An object in another version; as it stands where it cannot be converted.
  Json in_version(const Json& object, const std::string& from, const std::string& to) const;
  const SchemaNode* node_of(const std::string& api_version) const;
  Result<const Comparison*> difference(const Json& live, const Json& next,
                                       const std::string& api_version);

  const ApplyTypes& types_;
  const Writer& writer_;
  std::map<std::string, Comparison> differences_;
};

}  // namespace capstan
