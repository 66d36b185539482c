#include "plugins/kubeadm/bootstrap/init_lock.h"

#include "plugins/kubeadm/names.h"

namespace capstan::kubeadm {

std::string lock_name(const std::string& cluster) {
  return cluster + "-lock";
}

Json lock_object(const Json& cluster, const std::string& machine_name) {
  const std::string name = sdk::string_at(cluster, "metadata/name");
  return {
      {"apiVersion", "v1"},
      {"kind", "ConfigMap"},
      {"metadata",
       {{"name", lock_name(name)},
        {"namespace", sdk::string_at(cluster, "metadata/namespace")},
        {"labels", {{sdk::kClusterNameLabel, name}}},
        {"ownerReferences", Json::array({{{"apiVersion", kCoreApi},
                                          {"kind", "Cluster"},
                                          {"name", name},
                                          {"uid", sdk::string_at(cluster, "metadata/uid")}}})}}},
      {"data", {{"lock-information", sdk::dump_json(Json{{"machineName", machine_name}})}}}};
}

std::string lock_holder(const Json& config_map) {
  const sdk::Expected<Json> information =
      sdk::parse_json(sdk::string_at(config_map, "data/lock-information"));
  return information.ok() ? sdk::string_at(*information, "machineName") : "";
}

}  // namespace capstan::kubeadm
