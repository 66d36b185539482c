// Everything that one reconcile of a MachineSet looks at.
//
// Thread safety: none; one reconcile's own.
#pragma once

#include <optional>
#include <string>

#include "runtime/lifecycle/common/draft.h"
#include "runtime/lifecycle/common/linked.h"
#include "runtime/lifecycle/common/rollup.h"
#include "runtime/store/watch_cache.h"

namespace capstan::lifecycle {

struct MachineSetScope {
  explicit MachineSetScope(ObjectPtr machine_set) : draft(std::move(machine_set)) {}

  Draft draft;
  ObjectPtr cluster;     // null where it does not exist
  ObjectPtr deployment;  // the controlling MachineDeployment, or null
  Linked control_plane;
  Linked bootstrap_template;
  Linked infrastructure_template;
  Objects machines;                    // those it controls, being deleted or not
  Objects adoptable;                   // those that match the selector and have no controller
  std::vector<std::string> preflight;  // checks that failed

  bool deleting() const { return draft.meta().deleting(); }
  std::string cluster_name() const { return get_string(draft.tree(), {"spec", "clusterName"}); }
  int64_t desired() const { return get_int(draft.tree(), {"spec", "replicas"}, 1); }
  const Json& machine_template() const;
};

// Errors: kInvalid where the selector cannot be read.
Result<MachineSetScope> gather_machine_set(ObjectPtr machine_set, const KindRegistry& kinds,
                                           const WatchCache& objects);

}  // namespace capstan::lifecycle
