// An error of the runtime's parts as the SDK has it. The codes have the same numbers.
#pragma once

#include <capstan/status.h>

#include <algorithm>

#include "runtime/base/result.h"

namespace capstan::memory {

inline sdk::Error to_sdk(const Error& error, std::string reason = "") {
  sdk::Error made = sdk::Error::make(static_cast<sdk::Code>(error.code), error.message);
  if (!error.fields.empty()) {
    made.field = "/" + error.fields.front().field;
    std::replace(made.field.begin(), made.field.end(), '.', '/');
    made.terminal = error.code == Code::kInvalid;
  }
  made.reason = std::move(reason);
  return made;
}

}  // namespace capstan::memory
