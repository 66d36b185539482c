// The conditions of a Cluster, one function each; a function gives the condition that the scope
// calls for.
//
// Thread safety: pure functions.
#pragma once

#include <vector>

#include "runtime/lifecycle/cluster/cluster_deletion.h"
#include "runtime/lifecycle/cluster/cluster_scope.h"
#include "runtime/object/conditions.h"

namespace capstan::lifecycle {

Condition cluster_infrastructure_ready(const ClusterScope& scope);
Condition cluster_control_plane_available(const ClusterScope& scope);
Condition cluster_control_plane_initialized(const ClusterScope& scope);
Condition cluster_workers_available(const ClusterScope& scope);
Condition cluster_remote_connection(const ClusterScope& scope);
Condition cluster_deleting(const ClusterDeletion* deletion);
// MachinesReady and MachinesUpToDate of control plane and workers.
std::vector<Condition> cluster_machine_conditions(const ClusterScope& scope);
// RollingOut, ScalingUp, ScalingDown, Remediating.
std::vector<Condition> cluster_activity_conditions(const ClusterScope& scope);
// Sums up the others, which `view` has to have already.
Condition cluster_available(const ClusterScope& scope, const Json& view);

}  // namespace capstan::lifecycle
