// The ClusterConfiguration that kubeadm keeps in the cluster, ConfigMap kube-system/kubeadm-config:
// machines that join read from it which version of Kubernetes to run, and with what arguments. So
// it has to say what the KubeadmControlPlane asks for before the first machine of a rollout joins.
//
// Thread safety: free functions on one call's ControlPlane.
#pragma once

#include <capstan/status.h>

#include "plugins/kubeadm/control_plane/control_plane.h"

namespace capstan::kubeadm {

// What the cluster has, changed to what the spec asks for: version and kubeadm's own API version
// always; with `specified` also what spec.kubeadmConfigSpec.clusterConfiguration decides. The rest
// stays: names, networks and certificates of a cluster that lives do not change.
Json updated_configuration(const Json& present, const Json& wanted, bool specified);

// Writes it to the cluster where it differs, after the bindings that newer versions of kubeadm
// need. Errors: kUnavailable (no answer, or somebody else wrote at the same time), kInvalid.
sdk::Status update_cluster_configuration(ControlPlane& plane);

}  // namespace capstan::kubeadm
