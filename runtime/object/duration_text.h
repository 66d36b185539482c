// Durations as Kubernetes writes them (metav1.Duration): "1h30m", "-1.5s", "300ms", "0".
//
// Thread safety: pure functions.
#pragma once

#include <string_view>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"

namespace capstan {

// Units are h, m, s, ms, us and ns. Errors: kInvalid: malformed, or more than 292 years.
Result<Duration> parse_duration(std::string_view text);

}  // namespace capstan
