// The flags that name providers by their type, as clusterctl has them: --infrastructure
// docker,hetzner.
//
// Thread safety: free functions.
#pragma once

#include <string>
#include <vector>

#include "runtime/cli/provider_name.h"

namespace CLI {
class App;
}

namespace capstan::cli {

struct ProviderFlags {
  std::vector<std::string> core, bootstrap, control_plane, infrastructure, ipam, runtime_extension,
      addon;
};

// Lifetime: `flags` outlives the command.
void add_provider_flags(CLI::App& command, ProviderFlags& flags);

// Those that are named, by type; "-" stands for none. Errors: as parse_provider().
Result<std::vector<ProviderName>> named_providers(const ProviderFlags& flags);

}  // namespace capstan::cli
