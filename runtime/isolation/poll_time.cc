#include "runtime/isolation/poll_time.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>

namespace capstan::isolation {
namespace {

constexpr Duration kLongest = std::chrono::hours(1);

}  // namespace

int poll_milliseconds(std::optional<Duration> limit) {
  if (!limit) return -1;
  const Duration bounded = std::clamp(*limit, Duration::zero(), kLongest);
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(bounded).count());
}

bool wait_readable(int fd, Duration limit) {
  const SystemClock clock;
  const MonotonicTime deadline = clock.monotonic() + limit;
  while (true) {
    pollfd ready{fd, POLLIN, 0};
    const Duration left = std::max(Duration::zero(), deadline - clock.monotonic());
    const int count = ::poll(&ready, 1, poll_milliseconds(left));
    if (count > 0) return true;
    if (count < 0 && errno != EINTR) return false;
    if (count == 0 && clock.monotonic() >= deadline) return false;
  }
}

}  // namespace capstan::isolation
