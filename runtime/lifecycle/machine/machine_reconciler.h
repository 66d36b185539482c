// The Machine controller: brings bootstrap data, infrastructure and Node of one machine together,
// and takes them apart in order.
//
// Thread safety: as Reconciler says.
#pragma once

#include <string>
#include <vector>

#include "runtime/controller/reconciler.h"
#include "runtime/lifecycle/common/deps.h"
#include "runtime/lifecycle/machine/drain.h"
#include "runtime/lifecycle/machine/machine_conditions.h"
#include "runtime/lifecycle/machine/machine_scope.h"

namespace capstan::lifecycle {

class MachineReconciler final : public Reconciler {
 public:
  explicit MachineReconciler(Deps deps) : deps_(std::move(deps)) {}

  std::string name() const override { return "machine"; }
  Result<Outcome> reconcile(const ObjectKey& key, const ReconcileContext& context) override;

 private:
  void reconcile_normal(MachineScope& scope, const ReconcileContext& context, Outcome& outcome);
  void reconcile_delete(MachineScope& scope, const ReconcileContext& context, Outcome& outcome);
  // The steps of deletion up to the one that has to wait; reason "" when nothing has.
  DeletionState take_down(MachineScope& scope, const ReconcileContext& context, Outcome& outcome);
  DeletionState empty_node(MachineScope& scope, const ReconcileContext& context, Outcome& outcome);
  DeletionState delete_node(MachineScope& scope, const ReconcileContext& context, Outcome& outcome);
  void look_up_node(MachineScope& scope, Outcome& outcome);
  void sync_node(MachineScope& scope, Outcome& outcome);

  Deps deps_;
};

// Which changes wake which Machines.
std::vector<WatchRule> machine_watches();

}  // namespace capstan::lifecycle
