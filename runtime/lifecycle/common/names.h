// Cluster API's names: kinds, labels, annotations and finalizers that clients and providers know.
#pragma once

#include <string_view>

#include "runtime/object/object_key.h"

namespace capstan::lifecycle {

inline constexpr std::string_view kClusterGroup = "cluster.x-k8s.io";
inline const GroupKind kCluster{"cluster.x-k8s.io", "Cluster"};
inline const GroupKind kMachine{"cluster.x-k8s.io", "Machine"};
inline const GroupKind kMachineSet{"cluster.x-k8s.io", "MachineSet"};
inline const GroupKind kMachineDeployment{"cluster.x-k8s.io", "MachineDeployment"};
inline const GroupKind kMachinePool{"cluster.x-k8s.io", "MachinePool"};
inline const GroupKind kMachineHealthCheck{"cluster.x-k8s.io", "MachineHealthCheck"};
inline const GroupKind kMachineDrainRule{"cluster.x-k8s.io", "MachineDrainRule"};
inline const GroupKind kClusterResourceSet{"addons.cluster.x-k8s.io", "ClusterResourceSet"};
inline const GroupKind kClusterResourceSetBinding{"addons.cluster.x-k8s.io",
                                                  "ClusterResourceSetBinding"};
inline const GroupKind kSecret{"", "Secret"};
inline const GroupKind kConfigMap{"", "ConfigMap"};

inline constexpr char kClusterApiVersion[] = "cluster.x-k8s.io/v1beta2";

// Labels.
inline constexpr char kClusterNameLabel[] = "cluster.x-k8s.io/cluster-name";
inline constexpr char kControlPlaneLabel[] = "cluster.x-k8s.io/control-plane";
inline constexpr char kControlPlaneNameLabel[] = "cluster.x-k8s.io/control-plane-name";
inline constexpr char kDeploymentNameLabel[] = "cluster.x-k8s.io/deployment-name";
inline constexpr char kSetNameLabel[] = "cluster.x-k8s.io/set-name";
inline constexpr char kPoolNameLabel[] = "cluster.x-k8s.io/pool-name";
inline constexpr char kTemplateHashLabel[] = "machine-template-hash";
inline constexpr char kInterruptibleLabel[] = "cluster.x-k8s.io/interruptible";
inline constexpr char kDrainLabel[] = "cluster.x-k8s.io/drain";

// Annotations.
inline constexpr char kPausedAnnotation[] = "cluster.x-k8s.io/paused";
inline constexpr char kClonedFromName[] = "cluster.x-k8s.io/cloned-from-name";
inline constexpr char kClonedFromGroupKind[] = "cluster.x-k8s.io/cloned-from-groupkind";
inline constexpr char kDeleteMachine[] = "cluster.x-k8s.io/delete-machine";
inline constexpr char kDisableMachineCreate[] = "cluster.x-k8s.io/disable-machine-create";
inline constexpr char kSkipPreflightChecks[] = "machineset.cluster.x-k8s.io/skip-preflight-checks";
inline constexpr char kPreDrainHookPrefix[] = "pre-drain.delete.hook.machine.cluster.x-k8s.io";
inline constexpr char kPreTerminateHookPrefix[] =
    "pre-terminate.delete.hook.machine.cluster.x-k8s.io";
inline constexpr char kExcludeDraining[] = "machine.cluster.x-k8s.io/exclude-node-draining";
inline constexpr char kExcludeVolumeDetach[] =
    "machine.cluster.x-k8s.io/exclude-wait-for-node-volume-detach";
inline constexpr char kCertificatesExpiry[] = "machine.cluster.x-k8s.io/certificates-expiry";
inline constexpr char kSkipRemediation[] = "cluster.x-k8s.io/skip-remediation";
inline constexpr char kRemediateMachine[] = "cluster.x-k8s.io/remediate-machine";
inline constexpr char kRevision[] = "machinedeployment.clusters.x-k8s.io/revision";
inline constexpr char kRevisionHistory[] = "machinedeployment.clusters.x-k8s.io/revision-history";
inline constexpr char kDesiredReplicas[] = "machinedeployment.clusters.x-k8s.io/desired-replicas";
inline constexpr char kMaxReplicas[] = "machinedeployment.clusters.x-k8s.io/max-replicas";
inline constexpr char kLastApplied[] = "kubectl.kubernetes.io/last-applied-configuration";
inline constexpr char kDryRun[] = "topology.cluster.x-k8s.io/dry-run";

// spec.deletion.nodeDeletionTimeoutSeconds of a Machine that has none.
inline constexpr int kDefaultNodeDeletionTimeout = 10;

// Finalizers.
inline constexpr char kClusterFinalizer[] = "cluster.cluster.x-k8s.io";
inline constexpr char kMachineFinalizer[] = "machine.cluster.x-k8s.io";
inline constexpr char kMachineSetFinalizer[] = "cluster.x-k8s.io/machineset";
inline constexpr char kMachineDeploymentFinalizer[] = "cluster.x-k8s.io/machinedeployment";
inline constexpr char kResourceSetFinalizer[] = "addons.cluster.x-k8s.io";

}  // namespace capstan::lifecycle
