#include "runtime/cli/provider_flags.h"

#include <CLI/CLI.hpp>

namespace capstan::cli {

void add_provider_flags(CLI::App& command, ProviderFlags& flags) {
  const auto list = [&](const char* name, std::vector<std::string>& into, const char* about) {
    command.add_option(name, into, about)->delimiter(',');
  };
  list("--core", flags.core, "Core provider, NAME or NAME:VERSION");
  list("-i,--infrastructure", flags.infrastructure, "Infrastructure providers");
  list("-b,--bootstrap", flags.bootstrap, "Bootstrap providers; \"-\" for none");
  list("-c,--control-plane", flags.control_plane, "Control plane providers; \"-\" for none");
  list("--ipam", flags.ipam, "IPAM providers");
  list("--runtime-extension", flags.runtime_extension, "Runtime extension providers");
  list("--addon", flags.addon, "Add-on providers");
}

Result<std::vector<ProviderName>> named_providers(const ProviderFlags& flags) {
  const std::pair<const char*, const std::vector<std::string>*> types[] = {
      {"CoreProvider", &flags.core},
      {"BootstrapProvider", &flags.bootstrap},
      {"ControlPlaneProvider", &flags.control_plane},
      {"InfrastructureProvider", &flags.infrastructure},
      {"IPAMProvider", &flags.ipam},
      {"RuntimeExtensionProvider", &flags.runtime_extension},
      {"AddonProvider", &flags.addon}};
  std::vector<ProviderName> providers;
  for (const auto& [type, names] : types) {
    for (const std::string& name : *names) {
      if (name != "-") providers.push_back(TRY(parse_provider(type, name)));
    }
  }
  return providers;
}

}  // namespace capstan::cli
