// Puts the Cluster API controllers into a manager.
//
// Example:
//   lifecycle::register_controllers(manager, {kinds, workload});
//   options.admission = lifecycle::admissions();      // of make_resource_service
#pragma once

#include "runtime/controller/manager.h"
#include "runtime/lifecycle/admission/admissions.h"
#include "runtime/lifecycle/common/deps.h"

namespace capstan::lifecycle {

// Adds the controllers (cluster, machine, machineset, machinedeployment, clusterresourceset) and
// takes WorkloadClusters::on_change, so that a workload cluster's news wake what waits for it.
// Precondition: a shared_ptr has the manager.
// Lifetime: `resources` and what `deps` refers to outlive the last callback of deps.workload; stop
// the workload clusters before they go. The manager may go at any time.
void register_controllers(Manager& manager, ResourceService& resources, const Deps& deps);

}  // namespace capstan::lifecycle
