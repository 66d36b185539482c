// Names that Cluster API fixes for every provider (contract v1beta2), and the questions that its
// labels, annotations and conditions answer.
#pragma once

#include <capstan/json.h>

#include <string>
#include <string_view>

namespace capstan::sdk {

inline constexpr std::string_view kClusterNameLabel = "cluster.x-k8s.io/cluster-name";
inline constexpr std::string_view kControlPlaneLabel = "cluster.x-k8s.io/control-plane";
inline constexpr std::string_view kPausedAnnotation = "cluster.x-k8s.io/paused";
// An annotation in Cluster API's code and a label in its book: either counts.
inline constexpr std::string_view kManagedByAnnotation = "cluster.x-k8s.io/managed-by";

// Of Secrets that belong to a cluster: bootstrap data, certificates, kubeconfigs.
inline constexpr const char* kClusterSecretType = "cluster.x-k8s.io/secret";

inline constexpr std::string_view kReady = "Ready";
inline constexpr std::string_view kPaused = "Paused";
inline constexpr std::string_view kTrue = "True";
inline constexpr std::string_view kFalse = "False";
inline constexpr std::string_view kUnknown = "Unknown";

// Which of Cluster API's provider contracts a kind speaks, as its CRD's labels say.
enum class Contract {
  kV1Beta1,  // status.ready; failure domains as a map
  kV1Beta2,  // status.initialization.provisioned; failure domains as a list
};

// `cluster` may be null.
inline bool is_paused(const Json* cluster, const Json& object) {
  return (cluster != nullptr && bool_at(*cluster, "spec/paused")) ||
         has_annotation(object, kPausedAnnotation);
}

inline bool is_externally_managed(const Json& object) {
  return has_annotation(object, kManagedByAnnotation) || has_label(object, kManagedByAnnotation);
}

// The condition of that type, or null.
inline const Json* condition_of(const Json& object, std::string_view type) {
  const Json* conditions = find_at(object, "status/conditions");
  if (conditions == nullptr || !conditions->is_array()) return nullptr;
  for (const Json& condition : *conditions) {
    if (string_at(condition, "type") == type) return &condition;
  }
  return nullptr;
}
inline bool condition_is_true(const Json& object, std::string_view type) {
  const Json* condition = condition_of(object, type);
  return condition != nullptr && string_at(*condition, "status") == kTrue;
}

inline bool infrastructure_provisioned(const Json& cluster) {
  return bool_at(cluster, "status/initialization/infrastructureProvisioned");
}
inline bool control_plane_initialized(const Json& cluster) {
  return bool_at(cluster, "status/initialization/controlPlaneInitialized") ||
         condition_is_true(cluster, "ControlPlaneInitialized");
}

}  // namespace capstan::sdk
