#include "runtime/isolation/poll_time.h"

#include <algorithm>

namespace capstan::isolation {
namespace {

constexpr Duration kLongest = std::chrono::hours(1);

}  // namespace

int poll_milliseconds(std::optional<Duration> limit) {
  if (!limit) return -1;
  const Duration bounded = std::clamp(*limit, Duration::zero(), kLongest);
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(bounded).count());
}

}  // namespace capstan::isolation
