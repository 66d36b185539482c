// A Machine's status as a function of what belongs to it.
//
// Thread safety: pure functions.
#pragma once

#include "runtime/lifecycle/machine/machine_conditions.h"

namespace capstan::lifecycle {

std::string machine_phase(const MachineScope& scope, const Json& view);

// Writes into the scope's draft. Gives when the status changes by the passing of time alone.
std::optional<Duration> update_machine_status(MachineScope& scope, const DeletionState& deletion,
                                              Instant now);

}  // namespace capstan::lifecycle
