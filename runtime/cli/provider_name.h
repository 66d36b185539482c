// Names of providers as clusterctl has them: "infrastructure-docker" is the label of provider
// "docker" of type InfrastructureProvider, and "docker:v0.1.0" asks for a version.
//
// Thread safety: free functions.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace capstan::cli {

struct ProviderName {
  std::string type;     // "InfrastructureProvider"
  std::string name;     // "docker"
  std::string version;  // "" for whatever the server has

  std::string label() const;              // "infrastructure-docker"; "cluster-api" for the core
  std::string default_namespace() const;  // "capd-system"
  Json inventory_object() const;          // clusterctl.cluster.x-k8s.io/v1alpha3 Provider
};

// `text` is NAME or NAME:VERSION. Errors: kInvalid with what a name looks like.
Result<ProviderName> parse_provider(std::string_view type, std::string_view text);

}  // namespace capstan::cli
