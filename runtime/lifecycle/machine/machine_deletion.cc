#include "runtime/lifecycle/machine/machine_deletion.h"

#include "runtime/lifecycle/common/names.h"
#include "runtime/object/old_conditions.h"

namespace capstan::lifecycle {
namespace {

// For how long the Node's deletion is tried at least.
constexpr Duration kNodeDeletionTries = std::chrono::seconds(10);

size_t remaining_control_plane_machines(const MachineScope& scope, const WatchCache& objects) {
  const ListOptions of_cluster{scope.draft.meta().ns, {{kClusterNameLabel, scope.cluster_name()}}};
  size_t count = 0;
  for (const ObjectPtr& machine : objects.list(kMachine, of_cluster).items) {
    const Metadata& meta = machine->meta();
    count += meta.labels.contains(kControlPlaneLabel) && !meta.deleting();
  }
  return count;
}

std::string started(const MachineScope& scope, const char* step) {
  return get_string(scope.draft.tree(), {"status", "deletion", step});
}

}  // namespace

bool node_deletion_allowed(const MachineScope& scope, const KindRegistry& kinds,
                           const WatchCache& objects) {
  if (scope.cluster == nullptr || scope.cluster->meta().deleting()) return false;
  if (scope.node_name().empty()) return false;
  const Json* ref = find(*scope.cluster_tree, {"spec", "controlPlaneRef"});
  const Linked control_plane = link(ref, scope.draft.meta().ns, kinds, objects);
  if (control_plane.deleting()) return false;
  if (control_plane.exists() &&
      get_bool(*control_plane.external->tree, {"status", "externalManagedControlPlane"})) {
    return true;
  }
  return remaining_control_plane_machines(scope, objects) > 0;
}

std::vector<std::string> deletion_hooks(const Metadata& meta, std::string_view prefix) {
  std::vector<std::string> hooks;
  for (auto it = meta.annotations.lower_bound(prefix);
       it != meta.annotations.end() && it->first.starts_with(prefix); ++it) {
    hooks.push_back(it->first);
  }
  return hooks;
}

bool node_deletion_over(const Json& machine, Instant now) {
  if (!timed_out(machine, "nodeDeletionTimeoutSeconds",
                 get_string(machine, {"metadata", "deletionTimestamp"}),
                 kDefaultNodeDeletionTimeout, now)) {
    return false;
  }
  // Of v1beta1's since its time moves with the reason; that of Deleting is the deletion's.
  const auto failed = get_old_condition(machine, "NodeHealthy");
  if (!failed || failed->reason != kNodeDeletionFailed) return false;
  const auto since = parse_time(old_transition_time(machine, "NodeHealthy"));
  return since.ok() && now - *since >= kNodeDeletionTries;
}

bool timed_out(const Json& machine, std::string_view field, const std::string& start,
               int64_t fallback_seconds, Instant now) {
  const auto limit =
      std::chrono::seconds(get_int(machine, {"spec", "deletion", field}, fallback_seconds));
  if (limit.count() <= 0 || start.empty()) return false;
  const auto since = parse_time(start);
  return since.ok() && now - *since > limit;
}

bool drain_wanted(const MachineScope& scope, Instant now) {
  if (scope.draft.meta().annotations.contains(kExcludeDraining)) return false;
  if (!started(scope, "waitForPreTerminateHookStartTime").empty()) return false;
  if (!scope.infrastructure.exists() || scope.infrastructure.deleting()) return false;
  return !timed_out(scope.draft.tree(), "nodeDrainTimeoutSeconds",
                    started(scope, "nodeDrainStartTime"), 0, now);
}

bool volume_wait_wanted(const MachineScope& scope, Instant now) {
  if (scope.draft.meta().annotations.contains(kExcludeVolumeDetach)) return false;
  if (!started(scope, "waitForPreTerminateHookStartTime").empty()) return false;
  if (!scope.infrastructure.exists() || scope.infrastructure.deleting()) return false;
  return !timed_out(scope.draft.tree(), "nodeVolumeDetachTimeoutSeconds",
                    started(scope, "waitForNodeVolumeDetachStartTime"), 0, now);
}

}  // namespace capstan::lifecycle
