#include "runtime/lifecycle/cluster/cluster_scope.h"

#include "runtime/lifecycle/common/names.h"

namespace capstan::lifecycle {
namespace {

bool initialized(const ClusterScope& scope, const char* what) {
  return get_bool(scope.draft.tree(), {"status", "initialization", what});
}

}  // namespace

bool ClusterScope::infrastructure_provisioned() const {
  if (initialized(*this, "infrastructureProvisioned")) return true;
  if (!infrastructure.defined) return !topology;
  return infrastructure.exists() && provisioned(*infrastructure.external);
}

bool ClusterScope::control_plane_initialized() const {
  if (initialized(*this, "controlPlaneInitialized")) return true;
  if (control_plane.defined) {
    return control_plane.exists() && lifecycle::control_plane_initialized(*control_plane.external);
  }
  for (const ObjectPtr& machine : control_plane_machines) {
    if (find(*machine->tree(), {"status", "nodeRef"}) != nullptr) return true;
  }
  return false;
}

Objects ClusterScope::machines() const {
  Objects all = control_plane_machines;
  all.insert(all.end(), worker_machines.begin(), worker_machines.end());
  return all;
}

ClusterScope gather_cluster(ObjectPtr cluster, const KindRegistry& kinds,
                            const WatchCache& objects) {
  ClusterScope scope(std::move(cluster));
  const Metadata& meta = scope.draft.meta();
  const Json& tree = scope.draft.tree();
  scope.deleting = meta.deleting();
  scope.topology = find(tree, {"spec", "topology"}) != nullptr;
  scope.infrastructure = link(find(tree, {"spec", "infrastructureRef"}), meta.ns, kinds, objects);
  scope.control_plane = link(find(tree, {"spec", "controlPlaneRef"}), meta.ns, kinds, objects);
  const ListOptions of_cluster{meta.ns, {{kClusterNameLabel, meta.name}}};
  scope.machine_deployments = objects.list(kMachineDeployment, of_cluster).items;
  scope.machine_sets = objects.list(kMachineSet, of_cluster).items;
  scope.machine_pools = objects.list(kMachinePool, of_cluster).items;
  for (const ObjectPtr& machine : objects.list(kMachine, of_cluster).items) {
    const bool control_plane = machine->meta().labels.contains(kControlPlaneLabel);
    (control_plane ? scope.control_plane_machines : scope.worker_machines).push_back(machine);
  }
  return scope;
}

bool standalone(const Object& object) {
  return object.meta().controller() == nullptr;
}

}  // namespace capstan::lifecycle
