// The MachineHealthCheck controller: finds Machines that are not healthy and says so in their
// conditions. It deletes nothing: the MachineSet or the control plane that owns a Machine replaces
// it, or an object made from spec.remediation.templateRef repairs it.
//
// Thread safety: as Reconciler says.
#pragma once

#include "runtime/controller/reconciler.h"
#include "runtime/lifecycle/common/deps.h"
#include "runtime/lifecycle/common/draft.h"
#include "runtime/lifecycle/common/rollup.h"
#include "runtime/lifecycle/machine_health_check/checks.h"
#include "runtime/lifecycle/machine_health_check/trigger.h"

namespace capstan::lifecycle {

class MachineHealthCheckReconciler final : public Reconciler {
 public:
  explicit MachineHealthCheckReconciler(Deps deps) : deps_(std::move(deps)) {}

  std::string name() const override { return "machinehealthcheck"; }
  Result<Outcome> reconcile(const ObjectKey& key, const ReconcileContext& context) override;

 private:
  struct Target {
    ObjectPtr machine;
    Verdict verdict;
    bool has_node = false;
    // Known as healthy: not merely not known as unhealthy yet.
    bool healthy() const {
      return verdict.judged && !verdict.unhealthy() && !verdict.again && has_node &&
             !machine->meta().deleting();
    }
  };

  void check(Draft& check, const Object& cluster, const ReconcileContext& context,
             Outcome& outcome);
  // What a verdict means for a Machine: its conditions and, where it may be, its repair.
  void mark(const Draft& check, const Target& target, bool allowed, const ReconcileContext& context,
            Outcome& outcome);
  static void write_status(Draft& check, const std::vector<Target>& targets, int64_t healthy,
                           const Trigger& trigger, Instant now);
  // Errors: kInvalid (the selector), and where the workload cluster cannot be asked.
  Result<std::vector<Target>> look_at_targets(const Draft& check, const Object& cluster,
                                              const ReconcileContext& context);

  Deps deps_;
};

// Which changes wake which MachineHealthChecks.
std::vector<WatchRule> machine_health_check_watches();

}  // namespace capstan::lifecycle
