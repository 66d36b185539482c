#include "plugins/kubeadm/control_plane/adoption.h"

#include <cstdlib>

#include "plugins/kubeadm/bootstrap/kubeadm_documents.h"
#include "plugins/kubeadm/names.h"

namespace capstan::kubeadm {
namespace {

using sdk::Error;
using sdk::Expected;
using sdk::find_at;
using sdk::Status;
using sdk::string_at;

bool versions_fit(const std::string& machine, const std::string& plane) {
  if (machine.empty()) return true;  // whoever left it out knows what runs
  const Expected<Version> a = Version::parse(machine);
  const Expected<Version> b = Version::parse(plane);
  return a.ok() && b.ok() && a->major == b->major && std::abs(a->minor - b->minor) <= 1;
}

Json owners_of(const Json& object) {
  const Json* owners = find_at(object, "metadata/ownerReferences");
  return owners != nullptr && owners->is_array() ? *owners : Json::array();
}

// Secrets that the config made, but for the data that its machine boots with.
Status adopt_secrets(ControlPlane& plane, const Json& config) {
  const std::string uid = string_at(config, "metadata/uid");
  const std::string data = string_at(config, "status/dataSecretName");
  const std::vector<Json> secrets = CAPSTAN_TRY(
      plane.host.objects().list({"v1",
                                 "Secret",
                                 plane.ns,
                                 {{std::string(sdk::kClusterNameLabel), plane.cluster_name}},
                                 uid}));
  for (const Json& secret : secrets) {
    const std::string name = string_at(secret, "metadata/name");
    if (name == data) continue;
    Json owners = Json::array();
    for (const Json& owner : owners_of(secret)) {
      if (string_at(owner, "uid") != uid) owners.push_back(owner);
    }
    owners.push_back(plane.reply.owner_reference());
    plane.reply.patch_other({"v1", "Secret", plane.ns, name, string_at(secret, "metadata/uid")},
                            {{"metadata", {{"ownerReferences", std::move(owners)}}}});
  }
  return {};
}

}  // namespace

Status adopt_machines(ControlPlane& plane) {
  for (const Json* machine : plane.adoptable) {
    const std::string name = string_at(*machine, "metadata/name");
    if (string_at(*machine, "spec/bootstrap/configRef/kind") != "KubeadmConfig") {
      return Error::failed_precondition("Machine " + name +
                                        " cannot be adopted: its spec.bootstrap.configRef is no "
                                        "KubeadmConfig");
    }
    const std::string version = string_at(*machine, "spec/version");
    if (!versions_fit(version, plane.version())) {
      plane.reply.event("AdoptionFailed",
                        "Could not adopt Machine " + plane.ns + "/" + name + ": its version (\"" +
                            version +
                            "\") is more than one minor version away from the control plane's (\"" +
                            plane.version() + "\")",
                        "Warning");
      return {};
    }
  }
  for (const Json* machine : plane.adoptable) {
    const Json config =
        CAPSTAN_TRY(plane.host.objects().get(kBootstrapApi, "KubeadmConfig", plane.ns,
                                             string_at(*machine, "spec/bootstrap/configRef/name")));
    CAPSTAN_TRY(adopt_secrets(plane, config));
    Json owners = owners_of(*machine);
    owners.push_back(plane.reply.owner_reference());
    plane.reply.patch_other({kCoreApi, "Machine", plane.ns, string_at(*machine, "metadata/name"),
                             string_at(*machine, "metadata/uid")},
                            {{"metadata", {{"ownerReferences", std::move(owners)}}}});
    plane.reply.event("SuccessfulAdopt",
                      "Adopted control plane Machine " + string_at(*machine, "metadata/name"));
  }
  return {};
}

}  // namespace capstan::kubeadm
