#include "runtime/lifecycle/machine/volumes.h"

namespace capstan::lifecycle {

std::set<std::string> volumes_in_use(const Json& node) {
  std::set<std::string> names;
  const Json* attached = find(node, {"status", "volumesAttached"});
  if (attached == nullptr || !attached->is_array()) return names;
  for (const Json& volume : *attached) names.insert(get_string(volume, {"name"}));
  return names;
}

std::set<std::string> attached_volumes(const Json& attachments, const std::string& node_name) {
  std::set<std::string> names;
  const Json* items = find(attachments, {"items"});
  if (items == nullptr || !items->is_array()) return names;
  for (const Json& item : *items) {
    if (get_string(item, {"spec", "nodeName"}) != node_name) continue;
    const std::string volume = get_string(item, {"spec", "source", "persistentVolumeName"});
    if (!volume.empty()) names.insert(volume);
  }
  return names;
}

std::vector<std::string> claims_of(const Json& pod) {
  std::vector<std::string> paths;
  const Json* volumes = find(pod, {"spec", "volumes"});
  if (volumes == nullptr || !volumes->is_array()) return paths;
  const std::string ns = get_string(pod, {"metadata", "namespace"});
  for (const Json& volume : *volumes) {
    const std::string claim = get_string(volume, {"persistentVolumeClaim", "claimName"});
    if (claim.empty()) continue;
    paths.push_back("/api/v1/namespaces/" + ns + "/persistentvolumeclaims/" + claim);
  }
  return paths;
}

std::string attached_name(const Json& persistent_volume) {
  const std::string driver = get_string(persistent_volume, {"spec", "csi", "driver"});
  const std::string handle = get_string(persistent_volume, {"spec", "csi", "volumeHandle"});
  if (driver.empty() || handle.empty()) return "";
  return "kubernetes.io/csi/" + driver + "^" + handle;
}

}  // namespace capstan::lifecycle
