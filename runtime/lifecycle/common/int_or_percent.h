// Kubernetes' IntOrString counts: 3 or "30%".
#pragma once

#include <cstdint>

#include "runtime/base/json.h"

namespace capstan::lifecycle {

// The count that `value` stands for out of `total`; `fallback` where it is absent or cannot be
// read.
int64_t resolve_count(const Json* value, int64_t total, bool round_up, int64_t fallback);
// Whether it is a count or a percentage at all.
bool is_count(const Json& value);

}  // namespace capstan::lifecycle
