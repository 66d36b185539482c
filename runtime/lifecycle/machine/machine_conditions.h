// The conditions of a Machine, one function each.
//
// Thread safety: pure functions.
#pragma once

#include <optional>

#include "runtime/base/clock.h"
#include "runtime/lifecycle/machine/machine_scope.h"
#include "runtime/object/conditions.h"

namespace capstan::lifecycle {

// Why a Machine that is being deleted is where it is; reason "" while it is not.
struct DeletionState {
  std::string reason = {};
  std::string message = {};
  bool interrupted = false;  // the look was given up: nothing is known that was not before
};

Condition machine_bootstrap_ready(const MachineScope& scope);
Condition machine_infrastructure_ready(const MachineScope& scope);

struct NodeConditions {
  Condition ready;    // NodeReady
  Condition healthy;  // NodeHealthy
};
NodeConditions machine_node_conditions(const MachineScope& scope, const DeletionState& deletion);

Condition machine_deleting(const DeletionState& deletion);
// Sums up the others, which `view` has to have already.
Condition machine_ready(const MachineScope& scope, const Json& view);

// Available where Ready has been true for spec.minReadySeconds; `again` is when it will be.
struct Availability {
  Condition condition;
  std::optional<Duration> again;
};
Availability machine_available(const MachineScope& scope, const Json& view, Instant now);

}  // namespace capstan::lifecycle
