// Whether a Machine is healthy by the checks of a MachineHealthCheck.
//
// Thread safety: pure functions.
//
// Example:
//   const Verdict verdict = check_machine({spec, cluster, machine, node, false, now});
//   if (verdict.unhealthy()) mark(verdict.reason, verdict.message());
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/json.h"

namespace capstan::lifecycle {

// spec.checks.nodeStartupTimeoutSeconds of a check that has none.
inline constexpr int64_t kDefaultNodeStartupTimeout = 600;

struct CheckInput {
  const Json& checks;  // spec.checks
  const Json& cluster;
  const Json& machine;
  const Json* node;   // null where the Machine has none, or none that can be seen
  bool node_missing;  // the Machine had a Node that does not exist any more
  Instant now;
};

struct Verdict {
  std::string reason = {};               // "" unless unhealthy
  std::vector<std::string> causes = {};  // for people
  bool judged = false;                   // false while the cluster is too young to tell
  std::optional<Duration> again = {};    // when it may have become unhealthy

  bool unhealthy() const { return !reason.empty(); }
  // "Health check failed:\n  * ..."
  std::string message() const;
};

Verdict check_machine(const CheckInput& input);

}  // namespace capstan::lifecycle
