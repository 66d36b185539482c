// Whether unhealthy Machines may be replaced: not when so many are unhealthy that something else
// must be wrong.
//
// Thread safety: pure functions.
#pragma once

#include <string>

#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace capstan::lifecycle {

struct Trigger {
  bool allowed = true;
  int64_t left = 0;     // how many more may become unhealthy
  std::string message;  // why not, where it is not allowed
};

// `spec` is that of the MachineHealthCheck; `unhealthy` counts all that are not known as healthy.
// Errors: kInvalid where the range cannot be read.
Result<Trigger> remediation_trigger(const Json& spec, int64_t total, int64_t unhealthy);

}  // namespace capstan::lifecycle
