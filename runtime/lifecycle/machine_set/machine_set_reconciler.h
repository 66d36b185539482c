// The MachineSet controller: keeps a number of equal Machines.
//
// Thread safety: as Reconciler says.
#pragma once

#include <string>
#include <vector>

#include "runtime/controller/reconciler.h"
#include "runtime/lifecycle/common/deps.h"
#include "runtime/lifecycle/machine_set/machine_set_scope.h"

namespace capstan::lifecycle {

class MachineSetReconciler final : public Reconciler {
 public:
  explicit MachineSetReconciler(Deps deps) : deps_(std::move(deps)) {}

  std::string name() const override { return "machineset"; }
  Result<Outcome> reconcile(const ObjectKey& key, const ReconcileContext& context) override;

 private:
  void reconcile_normal(MachineSetScope& scope, const ReconcileContext& context, Outcome& outcome);
  void reconcile_delete(MachineSetScope& scope, Outcome& outcome);
  void scale(MachineSetScope& scope, const ReconcileContext& context, Outcome& outcome);
  void scale_up(MachineSetScope& scope, const ReconcileContext& context, Outcome& outcome);

  Deps deps_;
};

// Which changes wake which MachineSets.
std::vector<WatchRule> machine_set_watches();

}  // namespace capstan::lifecycle
