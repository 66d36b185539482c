// status.deprecated.v1beta1 of a Machine: what its conditions are for clients of v1beta1.
//
// Thread safety: pure functions.
#pragma once

#include "runtime/base/clock.h"
#include "runtime/lifecycle/machine/machine_conditions.h"

namespace capstan::lifecycle {

// Writes into the scope's draft, whose conditions of today are there already.
void update_old_machine_status(MachineScope& scope, const DeletionState& deletion, Instant now);

}  // namespace capstan::lifecycle
