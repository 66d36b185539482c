// In which order a Cluster goes: workers, control plane, infrastructure, then the Cluster itself.
//
// Thread safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/controller/reconciler.h"
#include "runtime/lifecycle/cluster/cluster_scope.h"

namespace capstan::lifecycle {

struct ClusterDeletion {
  bool done = false;
  std::string reason = {};  // of the Deleting condition
  std::string message = {};
  std::vector<ObjectPtr> remove = {};  // to be deleted now
  std::optional<Error> error = {};     // why it cannot be told what is left; to be tried again
};

ClusterDeletion plan_cluster_deletion(const ClusterScope& scope);

}  // namespace capstan::lifecycle
