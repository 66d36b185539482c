// The MachineDeployment controller: replaces MachineSets when the template of their Machines
// changes.
//
// Thread safety: as Reconciler says.
#pragma once

#include <string>
#include <vector>

#include "runtime/controller/reconciler.h"
#include "runtime/lifecycle/common/deps.h"
#include "runtime/lifecycle/machine_deployment/machine_deployment_scope.h"

namespace capstan::lifecycle {

class MachineDeploymentReconciler final : public Reconciler {
 public:
  explicit MachineDeploymentReconciler(Deps deps) : deps_(std::move(deps)) {}

  std::string name() const override { return "machinedeployment"; }
  Result<Outcome> reconcile(const ObjectKey& key, const ReconcileContext& context) override;

 private:
  void reconcile_normal(MachineDeploymentScope& scope, const ReconcileContext& context,
                        Outcome& outcome);
  void reconcile_delete(MachineDeploymentScope& scope, Outcome& outcome);
  void roll_out(MachineDeploymentScope& scope, const ReconcileContext& context, Outcome& outcome);

  Deps deps_;
};

// Which changes wake which MachineDeployments.
std::vector<WatchRule> machine_deployment_watches();

}  // namespace capstan::lifecycle
