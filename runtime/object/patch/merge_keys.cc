#include "runtime/object/patch/merge_keys.h"

namespace capstan {
namespace {

struct ListKey {
  std::string_view path;  // the last steps of a path
  std::string_view key;
};

// Lists of any kind, wherever they stand.
constexpr ListKey kCommon[] = {
    {"metadata.ownerReferences", "uid"},
    {"metadata.finalizers", ""},
};

// Lists of a pod, below its spec.
constexpr ListKey kPod[] = {
    {"containers", "name"},
    {"initContainers", "name"},
    {"ephemeralContainers", "name"},
    {"containers.env", "name"},
    {"containers.ports", "containerPort"},
    {"containers.volumeMounts", "mountPath"},
    {"containers.volumeDevices", "devicePath"},
    {"initContainers.env", "name"},
    {"initContainers.ports", "containerPort"},
    {"initContainers.volumeMounts", "mountPath"},
    {"initContainers.volumeDevices", "devicePath"},
    {"volumes", "name"},
    {"volumes.projected.sources", "name"},
    {"imagePullSecrets", "name"},
    {"hostAliases", "ip"},
    {"topologySpreadConstraints", "topologyKey"},
    {"resourceClaims", "name"},
    {"schedulingGates", "name"},
};

struct KindList {
  std::string_view kind;
  std::string_view path;
  std::string_view key;
};
constexpr KindList kKinds[] = {
    {"Namespace", "status.conditions", "type"},
    {"Node", "status.conditions", "type"},
    {"Node", "status.addresses", "type"},
    {"Node", "spec.podCIDRs", ""},
    {"Pod", "status.conditions", "type"},
    {"Pod", "status.podIPs", "ip"},
    {"Service", "spec.ports", "port"},
    {"Service", "status.conditions", "type"},
    {"ServiceAccount", "secrets", "name"},
    {"ServiceAccount", "imagePullSecrets", "name"},
    {"Deployment", "status.conditions", "type"},
    {"DaemonSet", "status.conditions", "type"},
    {"StatefulSet", "status.conditions", "type"},
    {"ReplicaSet", "status.conditions", "type"},
    {"Job", "status.conditions", "type"},
    {"ValidatingWebhookConfiguration", "webhooks", "name"},
    {"MutatingWebhookConfiguration", "webhooks", "name"},
    {"APIService", "status.conditions", "type"},
};

// The path below a pod's spec, for the kinds that have pods; "" for others.
std::string_view in_pod(const GroupKind& kind, std::string_view path) {
  std::string_view prefix = "spec.template.spec.";
  if (kind.kind == "Pod") prefix = "spec.";
  if (kind.kind == "CronJob") prefix = "spec.jobTemplate.spec.template.spec.";
  return path.starts_with(prefix) ? path.substr(prefix.size()) : std::string_view();
}

}  // namespace

std::optional<std::string> merge_key(const GroupKind& kind, std::string_view path) {
  for (const ListKey& list : kCommon) {
    if (path == list.path || path.ends_with("." + std::string(list.path))) {
      return std::string(list.key);
    }
  }
  for (const KindList& list : kKinds) {
    if (list.kind == kind.kind && list.path == path) return std::string(list.key);
  }
  const std::string_view pod_path = in_pod(kind, path);
  for (const ListKey& list : kPod) {
    if (!pod_path.empty() && list.path == pod_path) return std::string(list.key);
  }
  return std::nullopt;
}

}  // namespace capstan
