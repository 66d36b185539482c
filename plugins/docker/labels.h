// By which labels everything of ours is found again, whatever it is called. The io.x-k8s.kind ones
// are those that other tools of Cluster API's Docker provider look for.
#pragma once

#include <string>

#include "plugins/docker/client/containers.h"

namespace capstan::docker {

inline constexpr const char* kUidLabel = "capstan.dev/uid";  // of the object it belongs to
inline constexpr const char* kClusterLabel = "capstan.dev/cluster";
inline constexpr const char* kNamespaceLabel = "capstan.dev/namespace";
inline constexpr const char* kMachineLabel = "capstan.dev/machine";
inline constexpr const char* kRoleLabel = "capstan.dev/role";
inline constexpr const char* kFailureDomainLabel = "capstan.dev/failure-domain";
inline constexpr const char* kKindClusterLabel = "io.x-k8s.kind.cluster";
inline constexpr const char* kKindRoleLabel = "io.x-k8s.kind.role";
// On a load balancer whose configuration comes from the user's template.
inline constexpr const char* kTemplateLabel = "capstan.dev/haproxy-template";
// On networks: made by us, and ours to remove.
inline constexpr const char* kNetworkLabel = "capstan.dev/network";

inline constexpr const char* kControlPlaneRole = "control-plane";
inline constexpr const char* kWorkerRole = "worker";
inline constexpr const char* kLoadBalancerRole = "load-balancer";

// What a container belongs to.
struct Belonging {
  std::string uid = {};
  std::string ns = {};
  std::string cluster = {};
  std::string role = {};
};

inline Labels labels_of(const Belonging& belonging) {
  const bool balancer = belonging.role == kLoadBalancerRole;
  return {{kUidLabel, belonging.uid},
          {kNamespaceLabel, belonging.ns},
          {kClusterLabel, belonging.cluster},
          {kRoleLabel, belonging.role},
          {kKindClusterLabel, belonging.cluster},
          {kKindRoleLabel, balancer ? "external-load-balancer" : belonging.role}};
}

}  // namespace capstan::docker
