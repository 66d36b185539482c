// A MachineDeployment's status as a function of its sets and Machines.
//
// Thread safety: pure functions.
#pragma once

#include "runtime/lifecycle/machine_deployment/machine_deployment_scope.h"

namespace capstan::lifecycle {

// Writes into the scope's draft.
void update_machine_deployment_status(MachineDeploymentScope& scope, Instant now);

std::string machine_deployment_phase(int64_t desired, int64_t replicas, int64_t ready);

}  // namespace capstan::lifecycle
