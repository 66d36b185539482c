// When the process of a plugin is started again after it ended by itself: after a delay that
// doubles, and not at all (quarantine) once it has crashed too often within a while.
//
// Thread safety: one user. Lifetime: the Random outlives it.
//
// Example:
//   if (const auto delay = policy.crashed(clock.monotonic())) start_after(*delay);
//   else quarantine();
#pragma once

#include <deque>
#include <optional>

#include "runtime/base/clock.h"
#include "runtime/base/random.h"
#include "runtime/plugin/plugin_config.h"

namespace capstan::isolation {

using RestartOptions = PluginRestart;

class RestartPolicy {
 public:
  RestartPolicy(RestartOptions options, Random& random) : options_(options), random_(random) {}

  // The delay until the next start; nothing: quarantine.
  std::optional<Duration> crashed(MonotonicTime now);
  // It could be started and said no (its cloud is away, say): waits as after a crash, but that is
  // no reason for quarantine.
  Duration refused(MonotonicTime now);
  // As if it had never failed.
  void forget();

 private:
  Duration next_delay(MonotonicTime now);

  const RestartOptions options_;
  Random& random_;
  std::deque<MonotonicTime> crashes_;  // within the window
  MonotonicTime next_start_{};
  int in_a_row_ = 0;
};

}  // namespace capstan::isolation
