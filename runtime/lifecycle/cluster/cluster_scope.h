// Everything that one reconcile of a Cluster looks at.
//
// Thread safety: none; one reconcile's own.
#pragma once

#include <optional>

#include "runtime/lifecycle/common/draft.h"
#include "runtime/lifecycle/common/linked.h"
#include "runtime/lifecycle/common/rollup.h"
#include "runtime/store/watch_cache.h"

namespace capstan::lifecycle {

struct ClusterScope {
  explicit ClusterScope(ObjectPtr cluster) : draft(std::move(cluster)) {}

  Draft draft;
  bool topology = false;
  bool deleting = false;
  Linked infrastructure;
  Linked control_plane;

  // All that carry the cluster's name, sorted by name.
  Objects machine_deployments;
  Objects machine_sets;
  Objects machine_pools;
  Objects control_plane_machines;
  Objects worker_machines;

  // Whether the cluster can be reached: none where it was not tried.
  std::optional<Result<void>> connection;

  bool infrastructure_provisioned() const;
  bool control_plane_initialized() const;
  Objects machines() const;
};

ClusterScope gather_cluster(ObjectPtr cluster, const KindRegistry& kinds,
                            const WatchCache& objects);

// Not controlled by a MachineDeployment / by anything.
bool standalone(const Object& object);

}  // namespace capstan::lifecycle
