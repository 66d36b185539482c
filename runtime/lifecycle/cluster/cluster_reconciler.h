// The Cluster controller: brings infrastructure and control plane of a cluster together, tells how
// the whole is doing, and takes it down in order.
//
// Thread safety: as Reconciler says.
#pragma once

#include <string>

#include "runtime/controller/reconciler.h"
#include "runtime/lifecycle/cluster/cluster_scope.h"
#include "runtime/lifecycle/common/deps.h"

namespace capstan::lifecycle {

class ClusterReconciler final : public Reconciler {
 public:
  explicit ClusterReconciler(Deps deps) : deps_(std::move(deps)) {}

  std::string name() const override { return "cluster"; }
  Result<Outcome> reconcile(const ObjectKey& key, const ReconcileContext& context) override;

 private:
  void reconcile_normal(ClusterScope& scope, const ReconcileContext& context, Outcome& outcome);
  void reconcile_delete(ClusterScope& scope, const ReconcileContext& context, Outcome& outcome);
  void probe(ClusterScope& scope, Outcome& outcome);

  Deps deps_;
};

// Which changes wake which Clusters.
std::vector<WatchRule> cluster_watches();

}  // namespace capstan::lifecycle
