// Puts off writes while the plugins that shall judge them do not run: the server starts, or stops,
// or a plugin is being enabled. What is not to wait is left to another admission.
//
// Thread safety: immutable; as `others`.
//
// Example:
//   admission.set(std::make_shared<HoldingAdmission>(kinds_of_new_plugin, admission.target()));
#pragma once

#include <memory>
#include <set>

#include "runtime/resource/resource_service.h"

namespace capstan {

class HoldingAdmission final : public Admission {
 public:
  // `others` judges all other kinds; null lets them pass.
  explicit HoldingAdmission(std::set<GroupKind> kinds, std::shared_ptr<Admission> others = nullptr)
      : kinds_(std::move(kinds)), others_(std::move(others)) {}

  // Errors: kUnavailable with a time to come back, for those kinds; those of the others.
  Result<void> admit(const Kind& kind, Json& object, const Json* old) override;

 private:
  const std::set<GroupKind> kinds_;
  const std::shared_ptr<Admission> others_;
};

}  // namespace capstan
