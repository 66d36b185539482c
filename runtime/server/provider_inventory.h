// Which providers are enabled: clusterctl's inventory, one Provider object each. The server makes
// the objects of what the config enables; `capstan init` and `capstan delete` make and delete them
// at run time; the server answers in their annotations.
//
// Without a config all bundled providers are enabled at the very first start; afterwards the
// inventory says what is.
//
// Thread safety: used by the server's main thread. Lifetime: the service outlives it.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "runtime/plugin/manifest.h"
#include "runtime/resource/resource_service.h"

namespace capstan {

inline const GroupKind kProviderKind{"clusterctl.cluster.x-k8s.io", "Provider"};
inline constexpr const char* kProviderStateAnnotation = "capstan.dev/state";
inline constexpr const char* kProviderMessageAnnotation = "capstan.dev/message";

class ProviderInventory {
 public:
  explicit ProviderInventory(ResourceService& resources) : resources_(resources) {}

  // Whether this store has been served before.
  bool is_first_start() const;
  // Remembers that it has. Precondition: is_first_start().
  Result<void> remember_start();

  // Labels ("infrastructure-docker") of the inventory's objects.
  std::set<std::string> labels() const;

  // Makes the object where it is missing.
  Result<void> add(const ProviderEntry& provider, const std::string& version);
  // Writes version, state ("Ready", "Failed") and message where they differ.
  Result<void> report(const std::string& label, const std::string& version,
                      const std::string& state, const std::string& message);

 private:
  Result<void> ensure_namespace(const std::string& name);
  std::vector<ObjectPtr> objects() const;
  ResourceService& resources_;
};

// "infrastructure-docker" for {"InfrastructureProvider", "docker"}.
std::string provider_label(const ProviderEntry& provider);
// "capd-system"
std::string provider_namespace(const ProviderEntry& provider);

}  // namespace capstan
