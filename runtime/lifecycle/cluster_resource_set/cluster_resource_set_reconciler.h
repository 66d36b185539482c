// The ClusterResourceSet's own side: its finalizer, the owner references of its resources, and
// whether they have been applied everywhere.
//
// Thread safety: as Reconciler says.
#pragma once

#include <string>
#include <vector>

#include "runtime/controller/reconciler.h"

namespace capstan::lifecycle {

class ClusterResourceSetReconciler final : public Reconciler {
 public:
  std::string name() const override { return "clusterresourceset"; }
  Result<Outcome> reconcile(const ObjectKey& key, const ReconcileContext& context) override;
};

// Which changes wake which ClusterResourceSets.
std::vector<WatchRule> cluster_resource_set_watches();

}  // namespace capstan::lifecycle
