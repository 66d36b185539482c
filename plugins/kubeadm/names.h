// Names that Cluster API's kubeadm providers fix: secrets, labels, annotations, conditions.
#pragma once

#include <capstan/contract.h>
#include <capstan/json.h>

#include <string>

namespace capstan::kubeadm {

using sdk::Json;

inline constexpr const char* kSecretType = "cluster.x-k8s.io/secret";
inline constexpr const char* kCoreApi = "cluster.x-k8s.io/v1beta2";
inline constexpr const char* kBootstrapApi = "bootstrap.cluster.x-k8s.io/v1beta2";
inline constexpr const char* kControlPlaneApi = "controlplane.cluster.x-k8s.io/v1beta2";
inline constexpr const char* kControlPlaneNameLabel = "cluster.x-k8s.io/control-plane-name";
inline constexpr const char* kClonedFromName = "cluster.x-k8s.io/cloned-from-name";
inline constexpr const char* kClonedFromKind = "cluster.x-k8s.io/cloned-from-groupkind";
inline constexpr const char* kDeleteMachine = "cluster.x-k8s.io/delete-machine";
inline constexpr const char* kCertificatesExpiry = "machine.cluster.x-k8s.io/certificates-expiry";
inline constexpr const char* kCleanupHook =
    "pre-terminate.delete.hook.machine.cluster.x-k8s.io/kcp-cleanup";

// The certificate pairs of a cluster: "ca" is in Secret `<cluster>-ca`.
inline constexpr const char* kCertificatePurposes[] = {"ca", "etcd", "proxy", "sa"};

inline std::string secret_name(const std::string& cluster, const std::string& purpose) {
  return cluster + "-" + purpose;
}

inline bool is_control_plane_machine(const Json& machine) {
  return sdk::has_label(machine, sdk::kControlPlaneLabel);
}

}  // namespace capstan::kubeadm
