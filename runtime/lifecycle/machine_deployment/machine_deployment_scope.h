// Everything that one reconcile of a MachineDeployment looks at.
//
// Thread safety: none; one reconcile's own.
#pragma once

#include <optional>
#include <string>

#include "runtime/lifecycle/common/draft.h"
#include "runtime/lifecycle/common/linked.h"
#include "runtime/lifecycle/common/rollup.h"
#include "runtime/lifecycle/machine_deployment/rollout.h"
#include "runtime/store/watch_cache.h"

namespace capstan::lifecycle {

struct MachineDeploymentScope {
  explicit MachineDeploymentScope(ObjectPtr deployment) : draft(std::move(deployment)) {}

  Draft draft;
  ObjectPtr cluster;  // null where it does not exist
  Linked bootstrap_template;
  Linked infrastructure_template;
  ObjectPtr current;  // the MachineSet of the present template, or null
  Objects old;        // the others, oldest first
  Objects machines;   // of all sets

  bool deleting() const { return draft.meta().deleting(); }
  std::string cluster_name() const { return get_string(draft.tree(), {"spec", "clusterName"}); }
  int64_t desired() const { return get_int(draft.tree(), {"spec", "replicas"}, 1); }
  const Json& machine_template() const;
  Objects sets() const;  // current and old
  RolloutInput rollout() const;
};

MachineDeploymentScope gather_machine_deployment(ObjectPtr deployment, const KindRegistry& kinds,
                                                 const WatchCache& objects, Instant now);

}  // namespace capstan::lifecycle
