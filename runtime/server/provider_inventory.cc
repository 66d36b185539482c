#include "runtime/server/provider_inventory.h"

namespace capstan {
namespace {

constexpr const char* kOwnNamespace = "capstan-system";
constexpr const char* kStateMap = "capstan-state";
const GroupKind kNamespaceKind{"", "Namespace"};
const GroupKind kConfigMapKind{"", "ConfigMap"};

WriteOptions as_inventory() {
  WriteOptions options;
  options.manager = "capstan-inventory";
  return options;
}

}  // namespace

std::string provider_label(const ProviderEntry& provider) {
  static const std::map<std::string, std::string, std::less<>> kPrefixes = {
      {"BootstrapProvider", "bootstrap-"},
      {"ControlPlaneProvider", "control-plane-"},
      {"InfrastructureProvider", "infrastructure-"},
      {"IPAMProvider", "ipam-"},
      {"RuntimeExtensionProvider", "runtime-extension-"},
      {"AddonProvider", "addon-"}};
  const auto prefix = kPrefixes.find(provider.type);
  return (prefix == kPrefixes.end() ? "" : prefix->second) + provider.name;
}

std::string provider_namespace(const ProviderEntry& provider) {
  static const std::map<std::string, std::string, std::less<>> kKnown = {
      {"cluster-api", "capi-system"},
      {"bootstrap-kubeadm", "capi-kubeadm-bootstrap-system"},
      {"control-plane-kubeadm", "capi-kubeadm-control-plane-system"},
      {"infrastructure-docker", "capd-system"},
      {"infrastructure-openstack", "capo-system"},
      {"infrastructure-hetzner", "caph-system"}};
  const std::string label = provider_label(provider);
  const auto known = kKnown.find(label);
  return known == kKnown.end() ? label + "-system" : known->second;
}

bool ProviderInventory::is_first_start() const {
  return resources_.cache().get({kConfigMapKind, kOwnNamespace, kStateMap}) == nullptr;
}

Result<void> ProviderInventory::remember_start() {
  TRY(ensure_namespace(kOwnNamespace));
  const ResourceRef ref{resources_.kinds().find(kConfigMapKind), "", kOwnNamespace, kStateMap};
  const Json map = {{"apiVersion", "v1"},
                    {"kind", "ConfigMap"},
                    {"metadata", {{"name", kStateMap}, {"namespace", kOwnNamespace}}},
                    {"data", {{"served", "true"}}}};
  TRY(resources_.create(ref, map, as_inventory()));
  return {};
}

std::vector<ObjectPtr> ProviderInventory::objects() const {
  return resources_.cache().list(kProviderKind).items;
}

std::set<std::string> ProviderInventory::labels() const {
  std::set<std::string> labels;
  for (const ObjectPtr& object : objects()) {
    if (!object->meta().deleting()) labels.insert(object->meta().name);
  }
  return labels;
}

Result<void> ProviderInventory::ensure_namespace(const std::string& name) {
  if (resources_.cache().get({kNamespaceKind, "", name}) != nullptr) return {};
  const Json ns = {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}};
  const auto made = resources_.create({resources_.kinds().find(kNamespaceKind), "", "", name}, ns,
                                      as_inventory());
  if (made.ok() || made.code() == Code::kAlreadyExists) return {};
  return made.error();
}

Result<void> ProviderInventory::add(const ProviderEntry& provider, const std::string& version) {
  const std::string label = provider_label(provider);
  if (labels().contains(label)) return {};
  const std::string ns = provider_namespace(provider);
  TRY(ensure_namespace(ns));
  const Json object = {{"apiVersion", "clusterctl.cluster.x-k8s.io/v1alpha3"},
                       {"kind", "Provider"},
                       {"metadata",
                        {{"name", label},
                         {"namespace", ns},
                         {"labels",
                          {{"cluster.x-k8s.io/provider", label},
                           {"clusterctl.cluster.x-k8s.io", ""},
                           {"clusterctl.cluster.x-k8s.io/core", "inventory"}}}}},
                       {"providerName", provider.name},
                       {"type", provider.type},
                       {"version", version}};
  const auto made = resources_.create({resources_.kinds().find(kProviderKind), "", ns, label},
                                      object, as_inventory());
  if (made.ok() || made.code() == Code::kAlreadyExists) return {};
  return made.error();
}

Result<void> ProviderInventory::report(const std::string& label, const std::string& version,
                                       const std::string& state, const std::string& message) {
  for (const ObjectPtr& object : objects()) {
    if (object->meta().name != label) continue;
    const bool same = object->meta().annotation(kProviderStateAnnotation) == state &&
                      object->meta().annotation(kProviderMessageAnnotation) == message &&
                      get_string(*object->tree(), {"version"}) == version;
    if (same) continue;
    Json patch = {{"metadata",
                   {{"annotations",
                     {{kProviderStateAnnotation, state}, {kProviderMessageAnnotation, message}}}}}};
    if (!version.empty()) patch["version"] = version;
    TRY(resources_.patch({resources_.kinds().find(kProviderKind), "", object->meta().ns, label},
                         PatchType::kMerge, patch, as_inventory()));
  }
  return {};
}

}  // namespace capstan
