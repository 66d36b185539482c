// The plugin under test: its file, what its author says of it, and how an instance is made in the
// mode that is tested.
//
// Thread safety: values.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "runtime/plugin/host_services/host_services.h"
#include "runtime/plugin/plugin_file.h"
#include "runtime/plugin/provider_port.h"
#include "sdk/conformance/kit_config.h"

namespace capstan::conformance {

// Makes an instance that is not active yet.
using ProviderFactory = std::function<Result<std::unique_ptr<Provider>>(
    const PluginFile& file, std::unique_ptr<HostTable> host)>;

struct Mode {
  std::string name;  // "in-process", "process" or "sandbox"
  ProviderFactory make;
};

// The modes that this build of the kit has.
std::vector<Mode> all_modes();

struct Subject {
  PluginFile file;
  KitConfig config;
  Mode mode;
  uint64_t seed = 1;
  std::string world;  // folder of this case alone, for what a plugin or its fake keeps outside

  const Manifest& manifest() const { return file.manifest; }
};

}  // namespace capstan::conformance
