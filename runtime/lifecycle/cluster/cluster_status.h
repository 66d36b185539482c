// A Cluster's status as a function of what belongs to it: initialization, phase, counters,
// conditions.
//
// Thread safety: pure functions.
#pragma once

#include "runtime/base/clock.h"
#include "runtime/lifecycle/cluster/cluster_deletion.h"
#include "runtime/lifecycle/cluster/cluster_scope.h"

namespace capstan::lifecycle {

// Writes into the scope's draft. `deletion` is null while the Cluster is not being deleted.
void update_cluster_status(ClusterScope& scope, const ClusterDeletion* deletion, Instant now);

std::string cluster_phase(const ClusterScope& scope);
// status.workers and status.controlPlane.
Json worker_counts(const ClusterScope& scope);
Json control_plane_counts(const ClusterScope& scope);

}  // namespace capstan::lifecycle
