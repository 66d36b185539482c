// Applies to each Cluster what the ClusterResourceSets that select it bring, and writes down in the
// Cluster's ClusterResourceSetBinding what has been applied. Works per Cluster, so a binding has
// one writer.
//
// Thread safety: as Reconciler says.
#pragma once

#include <string>

#include "runtime/controller/reconciler.h"
#include "runtime/lifecycle/cluster_resource_set/applier.h"
#include "runtime/lifecycle/cluster_resource_set/binding.h"
#include "runtime/lifecycle/common/deps.h"
#include "runtime/lifecycle/common/rollup.h"

namespace capstan::lifecycle {

class ClusterResourceBinder final : public Reconciler {
 public:
  explicit ClusterResourceBinder(Deps deps) : deps_(std::move(deps)) {}

  std::string name() const override { return "clusterresourcebinder"; }
  Result<Outcome> reconcile(const ObjectKey& key, const ReconcileContext& context) override;

 private:
  void apply_set(const Object& set, Applier& applier, Binding& binding,
                 const ReconcileContext& context, Outcome& outcome);

  Deps deps_;
};

// The sets that select the Cluster; one without a selector selects nothing.
Objects resource_sets_of(const Object& cluster, const WatchCache& objects);

// Which changes wake which Clusters here.
std::vector<WatchRule> cluster_resource_binder_watches();

}  // namespace capstan::lifecycle
