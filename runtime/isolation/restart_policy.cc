#include "runtime/isolation/restart_policy.h"

#include <algorithm>
#include <cmath>

namespace capstan::isolation {

std::optional<Duration> RestartPolicy::crashed(MonotonicTime now) {
  crashes_.push_back(now);
  while (now - crashes_.front() > options_.window) crashes_.pop_front();
  if (crashes_.size() >= options_.crashes) return {};
  return next_delay(now);
}

Duration RestartPolicy::refused(MonotonicTime now) {
  return next_delay(now);
}

void RestartPolicy::forget() {
  crashes_.clear();
  in_a_row_ = 0;
}

Duration RestartPolicy::next_delay(MonotonicTime now) {
  // It ran well for a while: the delays begin anew.
  if (in_a_row_ > 0 && now - next_start_ > options_.window) in_a_row_ = 0;
  const double doubled =
      static_cast<double>(options_.first_delay.count()) * std::pow(2.0, std::min(in_a_row_, 40));
  ++in_a_row_;
  const double limited = std::min(doubled, static_cast<double>(options_.longest_delay.count()));
  // A tenth up or down, so that plugins that failed together do not return together.
  const auto delay = Duration(static_cast<int64_t>(limited * (0.9 + 0.2 * random_.fraction())));
  next_start_ = now + delay;
  return delay;
}

}  // namespace capstan::isolation
