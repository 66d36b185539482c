#include "runtime/cli/provider_name.h"

#include "runtime/server/provider_inventory.h"

namespace capstan::cli {

std::string ProviderName::label() const {
  return provider_label({type, name});
}

std::string ProviderName::default_namespace() const {
  return provider_namespace({type, name});
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
    return Error::invalid(
        "\"" + std::string(text) +
        "\" is no provider; write NAME or NAME:VERSION, as docker or docker:v0.1.0");
  }
  return provider;
}

}  // namespace capstan::cli
