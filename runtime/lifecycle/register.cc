#include "runtime/lifecycle/register.h"

#include "runtime/lifecycle/cluster/cluster_reconciler.h"
#include "runtime/lifecycle/cluster_resource_set/cluster_resource_binder.h"
#include "runtime/lifecycle/cluster_resource_set/cluster_resource_set_reconciler.h"
#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/common/wake.h"
#include "runtime/lifecycle/machine/machine_reconciler.h"
#include "runtime/lifecycle/machine_deployment/machine_deployment_reconciler.h"
#include "runtime/lifecycle/machine_health_check/machine_health_check_reconciler.h"
#include "runtime/lifecycle/machine_set/machine_set_reconciler.h"

namespace capstan::lifecycle {
namespace {

// The Machines wait for their Nodes, the Cluster for its first answer.
void wake_cluster(Manager& manager, const WatchCache& objects, const ClusterName& cluster) {
  const ObjectKey key{kCluster, cluster.ns, cluster.name};
  manager.enqueue("cluster", key);
  if (objects.count(kClusterResourceSet) > 0) manager.enqueue("clusterresourcebinder", key);
  for (const ObjectKey& key : keys_of_cluster(kMachine, cluster.ns, cluster.name, objects)) {
    manager.enqueue("machine", key);
  }
  if (objects.count(kMachineHealthCheck) == 0) return;
  for (const ObjectKey& key :
       keys_of_cluster(kMachineHealthCheck, cluster.ns, cluster.name, objects)) {
    manager.enqueue("machinehealthcheck", key);
  }
}

}  // namespace

void register_controllers(Manager& manager, ResourceService& resources, const Deps& deps) {
  manager.add({.reconciler = std::make_shared<ClusterReconciler>(deps),
               .watches = cluster_watches(),
               .concurrency = 16});
  manager.add({.reconciler = std::make_shared<MachineReconciler>(deps),
               .watches = machine_watches(),
               .concurrency = 32});
  manager.add({.reconciler = std::make_shared<MachineSetReconciler>(deps),
               .watches = machine_set_watches(),
               .concurrency = 16});
  manager.add({.reconciler = std::make_shared<MachineDeploymentReconciler>(deps),
               .watches = machine_deployment_watches(),
               .concurrency = 16});
  manager.add({.reconciler = std::make_shared<MachineHealthCheckReconciler>(deps),
               .watches = machine_health_check_watches(),
               .concurrency = 8});
  manager.add({.reconciler = std::make_shared<ClusterResourceBinder>(deps),
               .watches = cluster_resource_binder_watches(),
               .concurrency = 16});
  manager.add({.reconciler = std::make_shared<ClusterResourceSetReconciler>(),
               .watches = cluster_resource_set_watches(),
               .concurrency = 4});
  const WatchCache& objects = resources.cache();
  deps.workload.on_change([held = manager.weak_from_this(), &objects,
                           also = deps.on_cluster_change](const ClusterName& cluster) {
    // Another manager may have taken this one's place meanwhile.
    if (const auto running = held.lock()) wake_cluster(*running, objects, cluster);
    if (also) also(cluster);
  });
}

}  // namespace capstan::lifecycle
