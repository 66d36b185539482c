// Waiting for a descriptor for a limited time.
//
// Thread safety: any thread.
#pragma once

#include <optional>

#include "runtime/base/clock.h"

namespace capstan::isolation {

// Milliseconds for poll(), rounded up; nothing: until something happens. No more than an hour, as
// an int holds 24 days only: whoever waits for longer looks at the clock and waits again.
int poll_milliseconds(std::optional<Duration> limit);

// Whether there is something to read, or an end, within the limit. A signal that a handler of
// somebody's takes does not shorten it.
bool wait_readable(int fd, Duration limit);

}  // namespace capstan::isolation
