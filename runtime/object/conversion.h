// Conversion of objects between the versions of their kind, by rules that the kind's
// CustomResourceDefinition carries (docs/kinds.md says how they are written and compiled).
//
// All versions convert to and from one, the hub, which is the version that is stored. Nothing is
// lost either way: what the other version cannot say is kept in an annotation and put back on the
// way home, as far as the fields around it were not changed meanwhile; a field that the other
// version can say always has the value that was written there.
//   towards the hub    capstan.dev/conversion-data-VERSION: the difference, which is usually small
//   away from the hub  cluster.x-k8s.io/conversion-data: the whole object, as Cluster API writes it
// Neither annotation is seen in the version that it keeps something for.
//
// Thread safety: a Converter is immutable. Lifetime: independent of the rules it was made from.
// Errors: kInvalid naming the object, the field, what was expected and what was found.
//
// Example:
//   const Converter converter = TRY(Converter::create(*kind->conversion));
//   Json machine = TRY(converter.convert(stored, "cluster.x-k8s.io/v1beta1", version_of));
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace capstan {

// The version, such as "v1beta2", under which objects of a kind are referred to now; "" where the
// kind is not known, and then the version that is converted to stands in.
using VersionOf = std::function<std::string(std::string_view group, std::string_view kind)>;

class Converter {
 public:
  // From the rules of a CRD's annotation capstan.dev/conversion.
  // Errors: kInvalid where the rules are not as the compiler of kinds writes them.
  static Result<Converter> create(const Json& rules);

  Converter(Converter&&) noexcept;
  Converter& operator=(Converter&&) noexcept;
  ~Converter();

  // `object` in `api_version`; unchanged where it is in that version already.
  Result<Json> convert(Json object, std::string_view api_version,
                       const VersionOf& version_of) const;

 private:
  struct Spoke;

  Converter();
  Result<Json> to_hub(const Spoke& spoke, Json object, const VersionOf& version_of) const;
  Result<Json> from_hub(const Spoke& spoke, Json object, const VersionOf& version_of) const;

  std::string hub_;
  std::map<std::string, std::unique_ptr<Spoke>, std::less<>> spokes_;
};

}  // namespace capstan
