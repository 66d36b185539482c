// The configuration documents that kubeadm reads, made from a KubeadmConfig's spec, the Cluster and
// the Machine's version.
//
// kubeadm's own API version depends on the Kubernetes version: v1beta3 before 1.31, v1beta4 from
// then on (extra arguments as lists, timeouts). Source: kubeadm's configuration reference.
//
// Thread safety: free functions.
#pragma once

#include <capstan/json.h>
#include <capstan/status.h>

#include <string>
#include <string_view>

namespace capstan::kubeadm {

using sdk::Expected;
using sdk::Json;

struct Version {
  int major = 0;
  int minor = 0;
  int patch = 0;
  auto operator<=>(const Version&) const = default;
  // "v1.34.2", "1.34.2-rc.1+build": what follows the patch is ignored.
  // Errors: kInvalid.
  static Expected<Version> parse(std::string_view text);
};

enum class KubeadmApi { kV1Beta3, kV1Beta4 };
KubeadmApi kubeadm_api(const Version& kubernetes);

struct DocumentInput {
  const Json& config_spec;  // KubeadmConfig.spec, v1beta2
  const Json& cluster;      // the Cluster
  std::string kubernetes_version;
};

// The ClusterConfiguration that a control plane would begin with. Errors: kInvalid (version).
Expected<Json> cluster_configuration(const DocumentInput& input);
// ClusterConfiguration and InitConfiguration as YAML documents. Errors: kInvalid (version).
Expected<std::string> init_documents(const DocumentInput& input);
// JoinConfiguration as a YAML document; spec.joinConfiguration has its discovery filled in.
Expected<std::string> join_document(const DocumentInput& input);

// "host:port" of the Cluster's control plane; "" while unknown.
std::string control_plane_endpoint(const Json& cluster);

}  // namespace capstan::kubeadm
