// The plugin under test: its file, what its author says of it, and the mode in which it runs.
//
// Thread safety: values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "runtime/plugin/host_services/host_services.h"
#include "runtime/plugin/plugin_file.h"
#include "runtime/plugin/provider_port.h"
#include "sdk/conformance/kit_config.h"

namespace capstan::conformance {

enum class Mode { kInProcess, kProcess, kSandbox };

const char* mode_name(Mode mode);  // as `isolation` of the config has it

struct Subject {
  PluginFile file;
  KitConfig config;
  Mode mode = Mode::kInProcess;
  uint64_t seed = 1;
  std::string world;  // folder of this case alone, for what a plugin or its fake keeps outside

  const Manifest& manifest() const { return file.manifest; }
  bool isolated() const { return mode != Mode::kInProcess; }
};

}  // namespace capstan::conformance
