#include "runtime/server/plugin_sources.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>

#include "runtime/base/text.h"
#include "runtime/isolation/host_program.h"
#include "runtime/plugin/file_identity.h"
#include "runtime/plugin/plugin_folder.h"
#include "runtime/plugin/recording/recording_provider.h"

namespace capstan {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kProbeTimeout{5};

}  // namespace

PluginSources::PluginSources(std::vector<std::string> directories, const std::string& data_dir,
                             TrustPolicy trust, const Clock& clock, int stop)
    : directories_(std::move(directories)),
      store_(data_dir),
      trust_(std::move(trust)),
      clock_(clock),
      probed_(data_dir + "/plugins.probed"),
      stop_(stop) {
  for (const auto& [name, path] : find_all()) {
    Result<PluginFile> file = reader_.read(path);
    if (file.ok()) manifests_[name] = std::move(file->manifest);
  }
}

// Name -> path. What is installed goes before what lies in a directory, and an earlier directory
// before a later one.
std::map<std::string, std::string> PluginSources::find_all() const {
  std::map<std::string, std::string> found;
  const Result<std::vector<InstalledPlugin>> installed = store_.list();
  if (!installed.ok()) spdlog::error("installed plugins: {}", installed.error().message);
  for (const InstalledPlugin& plugin :
       installed.ok() ? *installed : std::vector<InstalledPlugin>()) {
    if (plugin.current) found.emplace(plugin.name, plugin.file());
  }
  for (const std::string& directory : directories_) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
      if (entry.path().extension() != ".so" && !is_plugin_folder(entry.path())) continue;
      found.emplace(entry.path().stem().string(), entry.path().string());
    }
  }
  return found;
}

std::vector<std::string> PluginSources::bundled() const {
  std::vector<std::string> names;
  for (const auto& [name, path] : find_all()) names.push_back(name);
  return names;
}

// With the digests of what is installed at this moment.
Result<TrustPolicy> PluginSources::policy() const {
  TrustPolicy policy = trust_;
  TRY(store_.protect(policy));
  return policy;
}

const Manifest* PluginSources::manifest(const std::string& name) const {
  const auto found = manifests_.find(name);
  return found == manifests_.end() ? nullptr : &found->second;
}

const Manifest* PluginSources::unchanged(const PluginConfig& config) const {
  const auto found = read_.find(config.name);
  if (found == read_.end()) return nullptr;
  const auto& [path, identity] = found->second;
  const bool same = !identity.empty() && path == path_of(config) && identity == file_identity(path);
  return same ? manifest(config.name) : nullptr;
}

std::string PluginSources::path_of(const PluginConfig& config) const {
  if (!config.file.empty()) return config.file;
  const auto all = find_all();
  const auto found = all.find(config.name);
  return found == all.end() ? "" : found->second;
}

Result<PluginFile> PluginSources::read(const PluginConfig& config) {
  const std::string path = path_of(config);
  if (path.empty()) {
    const std::vector<std::string> names = bundled();
    return Error::not_found("there is no bundled plugin \"" + config.name +
                            "\"; there are: " + (names.empty() ? "none" : join(names, ", ")) +
                            ". For a plugin of your own set `file`, or install its package");
  }
  const std::string identity = file_identity(path);  // before it is read
  Result<PluginFile> file = reader_.open(path, TRY(policy()), clock_.now());
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
  read_[config.name] = {path, identity};
  return file;
}

bool PluginSources::is_bundled(const std::string& path) const {
  const std::string folder = fs::path(path).parent_path().string();
  return std::find(directories_.begin(), directories_.end(), folder) != directories_.end();
}

Result<ProbeOptions> PluginSources::probe() const {
  return ProbeOptions{TRY(isolation::plugin_host_program()), kProbeTimeout, stop_};
}

void PluginSources::try_ahead(const PluginConfig& config) {
  const bool here =
      config.isolation.empty() ? is_bundled(path_of(config)) : config.isolation == "in-process";
  const Result<ProbeOptions> options = probe();
  if (!here || !options.ok()) return;
  const Result<PluginFile> file = read(config);
  if (file.ok() && !file->is_folder()) probed_.begin(*file, *options);
}

Result<std::shared_ptr<Provider>> PluginSources::load(const PluginConfig& config, PluginFile file,
                                                      LoaderOptions options, PluginReport& report) {
  PluginConfig located = config;
  located.file = read_.at(config.name).path;
  reader_.forget(located.file);  // from here on it may be exchanged for the next version
  report.file = located.file;
  if (file.image != nullptr) report.digest = "sha256:" + file.image->sha256();
  if (is_bundled(located.file)) {
    options.bundled_folder = fs::path(located.file).parent_path().string();
  }
  options.probe = TRY(probe());
  options.recorded = [](const PluginConfig& recorded, const Manifest& manifest,
                        std::unique_ptr<HostTable> host, const ProviderMaker& make) {
    return make_recorded(recorded.record, manifest, std::move(host), make);
  };
  std::shared_ptr<Provider> provider = TRY(load_plugin(located, std::move(file), options, probed_));
  probed_.save();
  return provider;
}

}  // namespace capstan
