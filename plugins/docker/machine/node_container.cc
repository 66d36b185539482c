#include "plugins/docker/machine/node_container.h"

#include "plugins/docker/cluster/haproxy_config.h"

namespace capstan::docker {
namespace {

using sdk::bool_at;
using sdk::find_at;
using sdk::string_at;

// All that systemd, containerd and kubelet need, but for what a confined engine does not have
// itself: CAP_SYS_RESOURCE.
void add_listed_rights(Json& host) {
  host["CapAdd"] = {"ALL"};
  host["CapDrop"] = {"SYS_RESOURCE"};
  host["DeviceCgroupRules"] = {"a *:* rwm"};
  host["SecurityOpt"] = {"seccomp=unconfined", "apparmor=unconfined"};
  // Empty lists, not absent ones: nothing below /proc and /sys is hidden or read-only.
  host["MaskedPaths"] = Json::array();
  host["ReadonlyPaths"] = Json::array();
}

Json host_config(const NodeContainer& node, const Settings& settings) {
  Json host = {{"NetworkMode", settings.network},
               {"CgroupnsMode", "private"},
               {"RestartPolicy", {{"Name", "unless-stopped"}}},
               {"Tmpfs", {{"/run", "exec"}, {"/tmp", "exec"}}},
               {"Init", false}};
  if (node.privileged) {
    host["Privileged"] = true;
    host["SecurityOpt"] = {"seccomp=unconfined", "apparmor=unconfined"};
  } else {
    add_listed_rights(host);
  }
  for (const ExtraMount& mount : node.mounts) {
    host["Binds"].push_back(mount.host_path + ":" + mount.container_path +
                            (mount.read_only ? ":ro" : ""));
  }
  return host;
}

}  // namespace

std::vector<ExtraMount> read_mounts(const Json& spec) {
  std::vector<ExtraMount> out;
  const Json* mounts = find_at(spec, "extraMounts");
  if (mounts == nullptr || !mounts->is_array()) return out;
  for (const Json& mount : *mounts) {
    out.push_back({string_at(mount, "containerPath"), string_at(mount, "hostPath"),
                   bool_at(mount, "readOnly")});
  }
  return out;
}

Json node_container_config(const NodeContainer& node, const Settings& settings) {
  Json config = {{"Image", node.image},
                 {"Hostname", node.name},
                 {"Labels", node.labels},
                 // An anonymous volume: a real file system below containerd's overlays.
                 {"Volumes", {{"/var", Json::object()}}},
                 {"HostConfig", host_config(node, settings)}};
  if (!node.control_plane) return config;
  const std::string port = std::to_string(kApiServerPort) + "/tcp";
  config["ExposedPorts"] = {{port, Json::object()}};
  config["HostConfig"]["PortBindings"] = {
      {port, {{{"HostIp", settings.bind_address}, {"HostPort", "0"}}}}};
  // For people who look into the node: docker exec NODE kubectl get nodes.
  config["Env"] = {"KUBECONFIG=/etc/kubernetes/admin.conf"};
  return config;
}

bool refuses_privileged(const Error& error) {
  const std::string& text = error.summary;
  return text.find("unable to apply caps") != std::string::npos ||
         text.find("operation not permitted") != std::string::npos;
}

}  // namespace capstan::docker
