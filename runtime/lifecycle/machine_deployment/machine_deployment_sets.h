// The MachineSets of a MachineDeployment: how a new one looks, and what is kept in line on those
// that exist.
//
// Thread safety: pure functions.
#pragma once

#include <string>

#include "runtime/controller/reconciler.h"
#include "runtime/lifecycle/machine_deployment/machine_deployment_scope.h"

namespace capstan::lifecycle {

inline constexpr char kMachineDeploymentManager[] = "capi-machinedeployment";

// A set for the present template.
Change new_machine_set(const MachineDeploymentScope& scope, int64_t replicas, Random& random);

// The revision of the set of the present template: one more than the highest of the old ones,
// unless it has the highest already.
std::string current_revision(const MachineDeploymentScope& scope);

// Replicas of any set; of the current one also what is changed in place.
void update_current(const MachineDeploymentScope& scope, int64_t replicas, Outcome& outcome);
void update_old(const MachineDeploymentScope& scope, const ObjectPtr& set, int64_t replicas,
                bool disable_create, Outcome& outcome);

}  // namespace capstan::lifecycle
