#include "runtime/lifecycle/machine_set/preflight.h"

#include <algorithm>

#include "runtime/base/text.h"
#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/common/version.h"

namespace capstan::lifecycle {
namespace {

constexpr int kMaxMinorSkew = 3;

using Skipped = std::vector<std::string>;

void add_skipped(const std::string& list, Skipped& skipped) {
  for (const std::string& name : split(list, ',')) skipped.emplace_back(trim(name));
}

bool skips(const Skipped& skipped, const char* check) {
  return std::any_of(skipped.begin(), skipped.end(),
                     [&](const std::string& name) { return name == check || name == "All"; });
}

void check_stable(const PreflightInput& input, std::vector<std::string>& failures) {
  const External& control_plane = *input.control_plane;
  const std::string name =
      control_plane.key.kind.kind + " " + control_plane.key.ns + "/" + control_plane.key.name;
  if (control_plane_provisioning(control_plane)) {
    failures.push_back(name + " is provisioning (\"ControlPlaneIsStable\" preflight check failed)");
    return;
  }
  if (control_plane_upgrading(control_plane)) {
    failures.push_back(name + " is upgrading (\"ControlPlaneIsStable\" preflight check failed)");
    return;
  }
  const std::string topology = get_string(*input.cluster->tree(), {"spec", "topology", "version"});
  const std::string version = get_string(*control_plane.tree, {"spec", "version"});
  if (!topology.empty() && topology != version) {
    failures.push_back(name + " has a pending version upgrade to " + topology +
                       " (\"ControlPlaneIsStable\" preflight check failed)");
  }
}

void check_kubernetes_skew(const Version& set, const Version& control_plane,
                           std::vector<std::string>& failures) {
  if (set.major == control_plane.major && set.minor <= control_plane.minor &&
      set.minor >= control_plane.minor - kMaxMinorSkew) {
    return;
  }
  failures.push_back(
      "MachineSet version and ControlPlane version do not conform to the kubernetes version skew "
      "policy as MachineSet version is more than " +
      std::to_string(kMaxMinorSkew) +
      " minor versions older or newer than the ControlPlane version "
      "(\"KubernetesVersionSkew\" preflight check failed)");
}

void check_kubeadm_skew(const PreflightInput& input, const Version& set,
                        const Version& control_plane, std::vector<std::string>& failures) {
  const std::string kind =
      get_string(input.machine_set, {"spec", "template", "spec", "bootstrap", "configRef", "kind"});
  if (kind != "KubeadmConfigTemplate") return;
  if (set.major == control_plane.major && set.minor == control_plane.minor) return;
  failures.push_back(
      "MachineSet version and ControlPlane version do not conform to kubeadm version skew policy "
      "as kubeadm only supports joining with the same major.minor version as the control plane "
      "(\"KubeadmVersionSkew\" preflight check failed)");
}

Skipped skipped_checks(const PreflightInput& input) {
  Skipped skipped;
  add_skipped(get_string(input.machine_set, {"metadata", "annotations", kSkipPreflightChecks}),
              skipped);
  if (input.bootstrap_template != nullptr) {
    add_skipped(input.bootstrap_template->meta().annotation(kSkipPreflightChecks), skipped);
  }
  return skipped;
}

}  // namespace

bool control_plane_provisioning(const External& control_plane) {
  return running_version(control_plane).empty();
}

bool control_plane_upgrading(const External& control_plane) {
  const std::string running = running_version(control_plane);
  const std::string wanted = get_string(*control_plane.tree, {"spec", "version"});
  return !running.empty() && compare_versions(running, wanted) < 0;
}

std::vector<std::string> preflight(const PreflightInput& input) {
  std::vector<std::string> failures;
  if (input.cluster == nullptr || input.control_plane == nullptr) return failures;
  const std::string wanted = get_string(*input.control_plane->tree, {"spec", "version"});
  if (wanted.empty()) return failures;
  const Skipped skipped = skipped_checks(input);
  if (!skips(skipped, "ControlPlaneIsStable")) check_stable(input, failures);

  const std::string version =
      get_string(input.machine_set, {"spec", "template", "spec", "version"});
  const auto set = parse_version(version);
  const auto control_plane = parse_version(wanted);
  if (!set || !control_plane) return failures;
  if (!skips(skipped, "KubernetesVersionSkew")) {
    check_kubernetes_skew(*set, *control_plane, failures);
  }
  if (!skips(skipped, "KubeadmVersionSkew")) {
    check_kubeadm_skew(input, *set, *control_plane, failures);
  }
  const bool topology = find(*input.cluster->tree(), {"spec", "topology"}) != nullptr;
  if (topology && !skips(skipped, "ControlPlaneVersionSkew") && version != wanted) {
    failures.push_back("MachineSet version " + version + " does not match control plane version " +
                       wanted + " (\"ControlPlaneVersionSkew\" preflight check failed)");
  }
  return failures;
}

}  // namespace capstan::lifecycle
