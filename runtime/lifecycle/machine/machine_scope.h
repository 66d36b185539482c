// Everything that one reconcile of a Machine looks at.
//
// Thread safety: none; one reconcile's own.
#pragma once

#include <optional>
#include <string>

#include "runtime/lifecycle/common/draft.h"
#include "runtime/lifecycle/common/linked.h"
#include "runtime/store/watch_cache.h"

namespace capstan::lifecycle {

// What is known of the Machine's Node.
struct NodeLookup {
  bool tried = false;
  std::shared_ptr<const Json> node;  // null where there is none
  std::optional<Error> error;        // why the workload cluster could not be asked
};

struct MachineScope {
  explicit MachineScope(ObjectPtr machine) : draft(std::move(machine)) {}

  Draft draft;
  ObjectPtr cluster;  // null where it does not exist
  JsonPtr cluster_tree;
  Linked bootstrap;
  Linked infrastructure;
  NodeLookup node;

  bool deleting() const { return draft.meta().deleting(); }
  std::string cluster_name() const { return get_string(draft.tree(), {"spec", "clusterName"}); }
  // As they will be after this reconcile.
  std::string provider_id() const;
  bool bootstrap_created() const;
  bool infrastructure_provisioned() const;
  bool cluster_infrastructure_provisioned() const;
  std::string node_name() const;
};

MachineScope gather_machine(ObjectPtr machine, const KindRegistry& kinds,
                            const WatchCache& objects);

}  // namespace capstan::lifecycle
