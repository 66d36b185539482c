// The Machines of a set: how new ones look, and what is kept in line on those that exist.
//
// Thread safety: pure functions.
#pragma once

#include <vector>

#include "runtime/controller/reconciler.h"
#include "runtime/lifecycle/machine_set/machine_set_scope.h"

namespace capstan::lifecycle {

inline constexpr char kMachineSetManager[] = "capi-machineset";
inline constexpr char kMachineSetMetadataManager[] = "capi-machineset-metadata";

// Bootstrap config, infrastructure and Machine, in this order and all of one name.
// Errors: kNotFound where a template does not exist, kInvalid where it or the name is wrong.
Result<std::vector<Change>> new_machine(const MachineSetScope& scope, Random& random);

// Labels, annotations and the fields of the spec that are changed in place, on the Machine and on
// what it refers to, and whether it is up to date with the MachineDeployment.
void sync_machine(const MachineSetScope& scope, const ObjectPtr& machine, const WatchCache& objects,
                  Instant now, Outcome& outcome);

// Objects that were made for a Machine which then could not be made.
Objects left_behind(const MachineSetScope& scope, const WatchCache& objects);

// Machines that are to be replaced for their health, newest first, as many as may be at once.
Objects to_remediate(const MachineSetScope& scope);

}  // namespace capstan::lifecycle
