#include "runtime/server/holding_admission.h"

namespace capstan {

Result<void> HoldingAdmission::admit(const Kind& kind, Json& object, const Json* old) {
  if (!kinds_.contains(kind.id)) {
    return others_ == nullptr ? Result<void>() : others_->admit(kind, object, old);
  }
  Error error = Error::unavailable("the plugin that checks " + kind.id.text() +
                                   " does not run yet; try again");
  error.retry_after = std::chrono::seconds(1);
  return error;
}

}  // namespace capstan
