// Puts off writes while the plugins that shall judge them do not run: the server starts, or stops.
//
// Thread safety: immutable.
#pragma once

#include <set>

#include "runtime/resource/resource_service.h"

namespace capstan {

class HoldingAdmission final : public Admission {
 public:
  explicit HoldingAdmission(std::set<GroupKind> kinds) : kinds_(std::move(kinds)) {}

  // Errors: kUnavailable with a time to come back, for those kinds.
  Result<void> admit(const Kind& kind, Json& object, const Json* old) override;

 private:
  const std::set<GroupKind> kinds_;
};

}  // namespace capstan
