#include "runtime/cli/provider_name.h"

#include <map>

namespace capstan::cli {

std::string ProviderName::label() const {
  if (type == "CoreProvider") return name;
  static const std::map<std::string, std::string, std::less<>> kPrefixes = {
      {"BootstrapProvider", "bootstrap-"},
      {"ControlPlaneProvider", "control-plane-"},
      {"InfrastructureProvider", "infrastructure-"},
      {"IPAMProvider", "ipam-"},
      {"RuntimeExtensionProvider", "runtime-extension-"},
      {"AddonProvider", "addon-"}};
  const auto prefix = kPrefixes.find(type);
  return (prefix == kPrefixes.end() ? "" : prefix->second) + name;
}

std::string ProviderName::default_namespace() const {
  static const std::map<std::string, std::string, std::less<>> kKnown = {
      {"cluster-api", "capi-system"},
      {"bootstrap-kubeadm", "capi-kubeadm-bootstrap-system"},
      {"control-plane-kubeadm", "capi-kubeadm-control-plane-system"},
      {"infrastructure-docker", "capd-system"},
      {"infrastructure-openstack", "capo-system"},
      {"infrastructure-hetzner", "caph-system"}};
  const auto known = kKnown.find(label());
  return known == kKnown.end() ? label() + "-system" : known->second;
}

Json ProviderName::inventory_object() const {
  Json object = {{"apiVersion", "clusterctl.cluster.x-k8s.io/v1alpha3"},
                 {"kind", "Provider"},
                 {"metadata",
                  {{"name", label()},
                   {"namespace", default_namespace()},
                   {"labels",
                    {{"cluster.x-k8s.io/provider", label()},
                     {"clusterctl.cluster.x-k8s.io", ""},
                     {"clusterctl.cluster.x-k8s.io/core", "inventory"}}}}},
                 {"providerName", name},
                 {"type", type}};
  if (!version.empty()) object["version"] = version;
  return object;
}

Result<ProviderName> parse_provider(std::string_view type, std::string_view text) {
  const size_t colon = text.find(':');
  ProviderName provider{std::string(type), std::string(text.substr(0, colon)), ""};
  if (colon != std::string_view::npos) provider.version = text.substr(colon + 1);
  const bool valid =
      !provider.name.empty() &&
      provider.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
  if (!valid || (colon != std::string_view::npos && !provider.version.starts_with('v'))) {
    return Error::invalid("\"" + std::string(text) +
                          "\" is no provider; write NAME or NAME:VERSION, as docker or docker:v0.1.0");
  }
  return provider;
}

}  // namespace capstan::cli
