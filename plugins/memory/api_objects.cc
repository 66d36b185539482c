#include "plugins/memory/api_objects.h"

#include "runtime/base/text.h"

namespace capstan::memory {
namespace {

constexpr const char* kSystem = "kube-system";
constexpr const char* kControlPlaneRole = "node-role.kubernetes.io/control-plane";

Json object(const char* api_version, const char* kind, const std::string& ns,
            const std::string& name, const std::string& seed, Instant since) {
  Json metadata = {
      {"name", name},
      {"uid", uid_of(seed + "/" + kind + "/" + ns + "/" + name)},
      {"creationTimestamp", format_time(since)},
  };
  if (!ns.empty()) metadata["namespace"] = ns;
  return {{"apiVersion", api_version}, {"kind", kind}, {"metadata", std::move(metadata)}};
}

Json condition(const char* type, const char* status, const char* reason, const std::string& since) {
  return {{"type", type},
          {"status", status},
          {"reason", reason},
          {"lastHeartbeatTime", since},
          {"lastTransitionTime", since}};
}

Json node_status(const PretendedMachine& machine, const std::string& since) {
  const Json capacity = {
      {"cpu", "2"}, {"memory", "4Gi"}, {"pods", "110"}, {"ephemeral-storage", "20Gi"}};
  Json ready = condition("Ready", "True", "KubeletReady", since);
  ready["message"] = "kubelet is posting ready status";
  return {{"addresses",
           {{{"type", "Hostname"}, {"address", machine.name}},
            {{"type", "InternalIP"}, {"address", machine.address}}}},
          {"capacity", capacity},
          {"allocatable", capacity},
          {"conditions",
           {condition("MemoryPressure", "False", "KubeletHasSufficientMemory", since),
            condition("DiskPressure", "False", "KubeletHasNoDiskPressure", since),
            condition("PIDPressure", "False", "KubeletHasSufficientPID", since), std::move(ready)}},
          {"nodeInfo",
           {{"architecture", "amd64"},
            {"bootID", uid_of(machine.uid + "/boot")},
            {"containerRuntimeVersion", "containerd://2.0.0"},
            {"kernelVersion", "0.0.0-pretended"},
            {"kubeProxyVersion", machine.version},
            {"kubeletVersion", machine.version},
            {"machineID", uid_of(machine.uid + "/machine")},
            {"operatingSystem", "linux"},
            {"osImage", "pretended"},
            {"systemUUID", machine.uid}}}};
}

Json config_map(const KubeadmInit& init, const char* ns, const char* name, Json data) {
  Json map = object("v1", "ConfigMap", ns, name, init.cluster_uid, init.since);
  map["data"] = std::move(data);
  return map;
}

Json kubeadm_config(const KubeadmInit& init) {
  return config_map(init, kSystem, "kubeadm-config",
                    {{"ClusterConfiguration",
                      "apiVersion: kubeadm.k8s.io/v1beta4\n"
                      "clusterName: " +
                          init.cluster_name + "\ncontrolPlaneEndpoint: " + init.endpoint +
                          "\nkind: ClusterConfiguration\n"
                          "kubernetesVersion: " +
                          init.version + "\n"}});
}

Json cluster_info(const KubeadmInit& init) {
  const std::string kubeconfig =
      "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: " +
      base64_encode(init.ca_pem) + "\n    server: https://" + init.endpoint +
      "\n  name: \"\"\nkind: Config\n";
  return config_map(init, "kube-public", "cluster-info", {{"kubeconfig", kubeconfig}});
}

Json pod_template(const std::string& app, const std::string& image) {
  const Json labels = {{"k8s-app", app}};
  return {{"selector", {{"matchLabels", labels}}},
          {"template",
           {{"metadata", {{"labels", labels}}},
            {"spec", {{"containers", {{{"name", app}, {"image", image}}}}}}}}};
}

Json kube_proxy(const KubeadmInit& init) {
  Json set = object("apps/v1", "DaemonSet", kSystem, "kube-proxy", init.cluster_uid, init.since);
  set["metadata"]["labels"] = {{"k8s-app", "kube-proxy"}};
  set["spec"] = pod_template("kube-proxy", "registry.k8s.io/kube-proxy:" + init.version);
  return set;
}

Json core_dns(const KubeadmInit& init) {
  Json deployment =
      object("apps/v1", "Deployment", kSystem, "coredns", init.cluster_uid, init.since);
  deployment["metadata"]["labels"] = {{"k8s-app", "kube-dns"}};
  deployment["spec"] = pod_template("kube-dns", "registry.k8s.io/coredns/coredns:v1.12.1");
  Json& container = deployment["spec"]["template"]["spec"]["containers"][0];
  container["name"] = "coredns";
  deployment["spec"]["replicas"] = 2;
  deployment["status"] = {{"replicas", 2}, {"readyReplicas", 2}, {"availableReplicas", 2}};
  return deployment;
}

Json role(const KubeadmInit& init, const char* name, Json rules) {
  Json made =
      object("rbac.authorization.k8s.io/v1", "Role", kSystem, name, init.cluster_uid, init.since);
  made["rules"] = std::move(rules);
  return made;
}

Json role_binding(const KubeadmInit& init, const char* name) {
  Json binding = object("rbac.authorization.k8s.io/v1", "RoleBinding", kSystem, name,
                        init.cluster_uid, init.since);
  binding["roleRef"] = {
      {"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "Role"}, {"name", name}};
  binding["subjects"] = {{{"apiGroup", "rbac.authorization.k8s.io"},
                          {"kind", "Group"},
                          {"name", "system:bootstrappers:kubeadm:default-node-token"}}};
  return binding;
}

}  // namespace

std::string uid_of(const std::string& text) {
  std::string hex = hex_encode(sha256(text)).substr(0, 32);
  hex[12] = '4';  // version 4
  hex[16] = "89ab"[static_cast<unsigned char>(hex[16]) & 3];
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
         hex.substr(16, 4) + "-" + hex.substr(20);
}

Json node_object(const PretendedMachine& machine, Instant since) {
  Json node = object("v1", "Node", "", machine.name, machine.uid, since);
  node["metadata"]["labels"] = {{"beta.kubernetes.io/arch", "amd64"},
                                {"beta.kubernetes.io/os", "linux"},
                                {"kubernetes.io/arch", "amd64"},
                                {"kubernetes.io/hostname", machine.name},
                                {"kubernetes.io/os", "linux"}};
  node["spec"] = {{"providerID", machine.provider_id}};
  if (machine.control_plane) {
    node["metadata"]["labels"][kControlPlaneRole] = "";
    node["spec"]["taints"] = {{{"key", kControlPlaneRole}, {"effect", "NoSchedule"}}};
  }
  node["status"] = node_status(machine, format_time(since));
  return node;
}

Json static_pod_object(const PretendedMachine& machine, const std::string& component,
                       Instant since) {
  Json pod = object("v1", "Pod", kSystem, component + "-" + machine.name, machine.uid, since);
  const std::string time = format_time(since);
  pod["metadata"]["labels"] = {{"component", component}, {"tier", "control-plane"}};
  pod["metadata"]["annotations"] = {{"kubernetes.io/config.source", "file"},
                                    {"kubernetes.io/config.mirror", uid_of(component)}};
  const std::string image = "registry.k8s.io/" + component + ":" + machine.version;
  pod["spec"] = {{"nodeName", machine.name},
                 {"hostNetwork", true},
                 {"priorityClassName", "system-node-critical"},
                 {"tolerations", {{{"operator", "Exists"}, {"effect", "NoExecute"}}}},
                 {"containers", {{{"name", component}, {"image", image}}}}};
  const auto is_true = [&](const char* type) {
    return Json{{"type", type}, {"status", "True"}, {"lastTransitionTime", time}};
  };
  pod["status"] = {{"phase", "Running"},
                   {"startTime", time},
                   {"podIP", machine.address},
                   {"hostIP", machine.address},
                   {"conditions",
                    {is_true("Initialized"), is_true("Ready"), is_true("ContainersReady"),
                     is_true("PodScheduled")}},
                   {"containerStatuses",
                    {{{"name", component},
                      {"image", image},
                      {"ready", true},
                      {"started", true},
                      {"restartCount", 0},
                      {"state", {{"running", {{"startedAt", time}}}}}}}}};
  return pod;
}

std::vector<Json> namespace_objects(const std::string& cluster_uid, Instant since) {
  std::vector<Json> objects;
  for (const char* name : {"default", kSystem, "kube-public", "kube-node-lease"}) {
    Json made = object("v1", "Namespace", "", name, cluster_uid, since);
    made["metadata"]["labels"] = {{"kubernetes.io/metadata.name", name}};
    made["spec"] = {{"finalizers", {"kubernetes"}}};
    made["status"] = {{"phase", "Active"}};
    objects.push_back(std::move(made));
  }
  return objects;
}

std::vector<Json> kubeadm_objects(const KubeadmInit& init) {
  const char* kReadConfig = "kubeadm:nodes-kubeadm-config";
  Json rules = {{{"apiGroups", {""}},
                 {"resources", {"configmaps"}},
                 {"resourceNames", {"kubeadm-config"}},
                 {"verbs", {"get"}}}};
  return {kubeadm_config(init),
          cluster_info(init),
          kube_proxy(init),
          core_dns(init),
          role(init, kReadConfig, std::move(rules)),
          role_binding(init, kReadConfig)};
}

}  // namespace capstan::memory
