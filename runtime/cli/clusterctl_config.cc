#include "runtime/cli/clusterctl_config.h"

#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <filesystem>

namespace capstan::cli {
namespace {

std::string default_path() {
  if (const char* config = std::getenv("XDG_CONFIG_HOME"); config != nullptr && *config != '\0') {
    return std::string(config) + "/cluster-api/clusterctl.yaml";
  }
  const char* home = std::getenv("HOME");
  return (home == nullptr ? std::string() : std::string(home)) +
         "/.config/cluster-api/clusterctl.yaml";
}

}  // namespace

Result<ClusterctlConfig> ClusterctlConfig::load(const std::string& path) {
  const std::string file = path.empty() ? default_path() : path;
  ClusterctlConfig config;
  if (!std::filesystem::exists(file)) {
    if (path.empty()) return config;
    return Error::not_found("there is no config file " + path);
  }
  try {
    const YAML::Node root = YAML::LoadFile(file);
    for (const auto& entry : root) {
      if (entry.second.IsScalar()) {
        config.variables_[entry.first.as<std::string>()] = entry.second.as<std::string>();
      }
    }
  } catch (const YAML::Exception& error) {
    return Error::invalid(file + " is malformed: " + error.what());
  }
  return config;
}

std::optional<std::string> ClusterctlConfig::variable(const std::string& name) const {
  const auto found = variables_.find(name);
  return found == variables_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> ClusterctlConfig::lookup(const std::string& name) const {
  if (const char* value = std::getenv(name.c_str())) return std::string(value);
  return variable(name);
}

}  // namespace capstan::cli
