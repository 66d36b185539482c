#include "plugins/kubeadm/control_plane/cluster_configuration.h"

#include "plugins/kubeadm/bootstrap/kubeadm_documents.h"
#include "plugins/kubeadm/bootstrap/yaml_text.h"
#include "plugins/kubeadm/control_plane/workload_objects.h"
#include "plugins/yaml/read_yaml.h"

namespace capstan::kubeadm {
namespace {

using sdk::Error;
using sdk::Expected;
using sdk::find_at;
using sdk::Status;
using sdk::string_at;

constexpr const char* kPath = "/api/v1/namespaces/kube-system/configmaps/kubeadm-config";
constexpr const char* kBindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
constexpr const char* kMember = "ClusterConfiguration";
constexpr const char* kComponents[] = {"apiServer", "controllerManager", "scheduler"};

// Where v1beta3 has a map, v1beta4 has a list.
void to_list(Json& component) {
  if (!component.is_object() || !component.contains("extraArgs")) return;
  Json& arguments = component["extraArgs"];
  if (!arguments.is_object()) return;
  Json list = Json::array();
  for (const auto& [name, value] : arguments.items()) {
    list.push_back({{"name", name}, {"value", value}});
  }
  arguments = std::move(list);
}

void to_v1beta4(Json& configuration) {
  for (const char* name : kComponents) {
    if (configuration.contains(name)) to_list(configuration[name]);
  }
  if (find_at(configuration, "etcd/local") != nullptr) to_list(configuration["etcd"]["local"]);
  if (find_at(configuration, "apiServer/timeoutForControlPlane") != nullptr) {
    configuration["apiServer"].erase("timeoutForControlPlane");
  }
}

void take_over(const Json& wanted, const char* name, Json& to) {
  const Json* value = find_at(wanted, name);
  if (value != nullptr && !value->empty()) {
    to[name] = *value;
  } else if (const Json* present = find_at(to, name); present != nullptr && !present->empty()) {
    to.erase(name);
  }
}

Json binding(const char* name, const char* role, Json subject) {
  subject["apiGroup"] = "rbac.authorization.k8s.io";
  return {{"apiVersion", "rbac.authorization.k8s.io/v1"},
          {"kind", "ClusterRoleBinding"},
          {"metadata", {{"name", name}}},
          {"roleRef",
           {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", role}}},
          {"subjects", Json::array({std::move(subject)})}};
}

// What `kubeadm init` of 1.29 (administrators) and of 1.37 (the API server's way to kubelets) made
// and `kubeadm join` relies on.
Status add_bindings(ControlPlane& plane) {
  for (const Json& wanted :
       {binding("kubeadm:cluster-admins", "cluster-admin",
                {{"kind", "Group"}, {"name", "kubeadm:cluster-admins"}}),
        binding("kubeadm:apiserver-kubelet-client", "system:kubelet-api-admin",
                {{"kind", "User"}, {"name", "kube-apiserver-kubelet-client"}})}) {
    CAPSTAN_TRY(create_workload_object(plane, kBindings, wanted));
  }
  return {};
}

}  // namespace

Json updated_configuration(const Json& present, const Json& wanted, bool specified) {
  Json out = present;
  const std::string api = string_at(wanted, "apiVersion");
  if (string_at(present, "apiVersion") != api && api.ends_with("/v1beta4")) to_v1beta4(out);
  out["apiVersion"] = api;
  out["kubernetesVersion"] = wanted["kubernetesVersion"];
  if (!specified) return out;
  for (const char* name : kComponents) take_over(wanted, name, out);
  for (const char* name :
       {"etcd", "featureGates", "certificateValidityPeriod", "encryptionAlgorithm"}) {
    take_over(wanted, name, out);
  }
  // Without a word of the spec's it stays where the cluster's images came from.
  if (const Json* from = find_at(wanted, "imageRepository")) out["imageRepository"] = *from;
  return out;
}

Status update_cluster_configuration(ControlPlane& plane) {
  static const Json kEmpty = Json::object();
  const Json* spec = plane.config_spec();
  const Json& config = spec == nullptr ? kEmpty : *spec;
  const Json wanted = CAPSTAN_TRY(cluster_configuration({config, plane.cluster, plane.version()}));
  const auto map = CAPSTAN_TRY(get_workload_object(plane, kPath));
  const std::string text = map ? string_at(*map, std::string("data/") + kMember) : "";
  const auto documents = yaml::parse_yaml(text);
  if (!documents.ok() || documents->empty() || !documents->front().is_object()) {
    return Error::unavailable(
        "the cluster's ConfigMap kube-system/kubeadm-config has no ClusterConfiguration");
  }
  const Json& present = documents->front();
  const bool upgrade = string_at(present, "kubernetesVersion") != plane.version();
  // Between rollouts the cluster's owner may have changed it by hand; only DNS follows at any time.
  Json updated = present;
  if (upgrade || !plane.outdated().empty()) {
    updated = updated_configuration(present, wanted, config.contains("clusterConfiguration"));
  }
  if (const Json* dns = find_at(wanted, "dns")) updated["dns"] = *dns;
  if (updated == present) return {};
  if (upgrade) CAPSTAN_TRY(add_bindings(plane));
  return patch_workload_object(plane, kPath, *map, {{"data", {{kMember, to_yaml(updated)}}}});
}

}  // namespace capstan::kubeadm
