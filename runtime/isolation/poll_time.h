// How long one call of poll() may wait.
//
// Thread safety: a pure function.
#pragma once

#include <optional>

#include "runtime/base/clock.h"

namespace capstan::isolation {

// Milliseconds for poll(), rounded up; nothing: until something happens. No more than an hour, as
// an int holds 24 days only: whoever waits for longer looks at the clock and waits again.
int poll_milliseconds(std::optional<Duration> limit);

}  // namespace capstan::isolation
