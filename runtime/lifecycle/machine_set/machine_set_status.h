// A MachineSet's status as a function of its Machines: counters and conditions, also as v1beta1 has
// them.
//
// Thread safety: pure functions.
#pragma once

#include "runtime/base/clock.h"
#include "runtime/lifecycle/machine_set/machine_set_scope.h"

namespace capstan::lifecycle {

// Writes into the scope's draft.
void update_machine_set_status(MachineSetScope& scope, Instant now);

}  // namespace capstan::lifecycle
