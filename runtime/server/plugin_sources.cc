#include "runtime/server/plugin_sources.h"

#include <spdlog/spdlog.h>

#include <filesystem>

#include "runtime/base/text.h"
#include "runtime/plugin/plugin_folder.h"
#include "runtime/plugin/recording/recording_provider.h"

namespace capstan {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kProbeTimeout{5};

}  // namespace

PluginSources::PluginSources(std::vector<std::string> directories, const std::string& probed)
    : directories_(std::move(directories)), probed_(probed) {
  for (const std::string& directory : directories_) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
      if (entry.path().extension() != ".so" && !is_plugin_folder(entry.path())) continue;
      // An earlier directory wins.
      bundled_.emplace(entry.path().stem().string(), entry.path().string());
    }
  }
  for (const auto& [name, path] : bundled_) {
    Result<PluginFile> file = read_plugin_file(path);
    if (file.ok()) manifests_[name] = std::move(file->manifest);
  }
}

std::vector<std::string> PluginSources::bundled() const {
  std::vector<std::string> names;
  for (const auto& [name, path] : bundled_) names.push_back(name);
  return names;
}

const Manifest* PluginSources::manifest(const std::string& name) const {
  const auto found = manifests_.find(name);
  return found == manifests_.end() ? nullptr : &found->second;
}

std::string PluginSources::path_of(const PluginConfig& config) const {
  if (!config.file.empty()) return config.file;
  const auto found = bundled_.find(config.name);
  return found == bundled_.end() ? "" : found->second;
}

Result<PluginFile> PluginSources::read(const PluginConfig& config) {
  const std::string path = path_of(config);
  if (path.empty()) {
    return Error::not_found("there is no bundled plugin \"" + config.name + "\"; there are: " +
                            (bundled_.empty() ? "none" : join(bundled(), ", ")) +
                            ". For a plugin of your own set `file`");
  }
  Result<PluginFile> file = read_plugin_file(path);
  if (file.code() == Code::kNotFound) {
    return Error::not_found("there is no file " + path + "; correct `file` of plugin \"" +
                            config.name + "\"");
  }
  if (!file.ok()) return std::move(file).error();
  if (file->manifest.name != config.name) {
    return Error::invalid(path + " is plugin \"" + file->manifest.name +
                          "\"; name it so instead of \"" + config.name + "\"");
  }
  manifests_[config.name] = file->manifest;
  return file;
}

Result<std::shared_ptr<Provider>> PluginSources::load(const PluginConfig& config,
                                                      const HostPorts& ports,
                                                      PluginReport& report) {
  PluginConfig located = config;
  located.file = path_of(config);
  report.file = located.file;
  LoaderOptions options{.ports = ports};
  options.probe_timeout = kProbeTimeout;
  options.recorded = [](const PluginConfig& recorded, PluginFile file,
                        std::unique_ptr<HostTable> host) {
    return load_recorded(recorded.record, std::move(file), std::move(host));
  };
  std::shared_ptr<Provider> provider = TRY(load_plugin(located, options, probed_));
  probed_.save();
  return provider;
}

}  // namespace capstan
