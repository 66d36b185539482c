// The conversion between a kind's versions by the rules that the kind carries. A kind without rules
// has the same fields in all versions.
//
// Thread safety: from any thread. Lifetime: of the registry.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "runtime/object/conversion.h"
#include "runtime/object/kind.h"

namespace capstan {

class VersionConverter {
 public:
  explicit VersionConverter(const KindRegistry& kinds) : kinds_(kinds) {}

  // Errors: kInvalid (those of Converter).
  Result<Json> convert(const Kind& kind, Json object, const std::string& version);

 private:
  Result<std::shared_ptr<const Converter>> converter_of(const Kind& kind);

  struct Entry {
    std::weak_ptr<const Json> rules;
    std::shared_ptr<const Converter> converter;
  };
  const KindRegistry& kinds_;
  std::mutex mutex_;
  std::map<const Json*, Entry> converters_;  // by the rules they were made from
};

}  // namespace capstan
