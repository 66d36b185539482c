#include "runtime/plugin/plugin_loader.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>

#include "runtime/base/text.h"

namespace capstan {
namespace {

constexpr const char* kInProcess = "in-process";

std::string library_path(const PluginConfig& config, const LoaderOptions& options) {
  return config.file.empty() ? options.bundled_folder + "/" + config.name + ".so" : config.file;
}

// "docker, hetzner": the libraries in the bundled folder.
std::vector<std::string> bundled(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
    if (entry.path().extension() == ".so") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

Error absent(const PluginConfig& config, const std::string& path, const LoaderOptions& options) {
  if (!config.file.empty()) {
    return Error::not_found("there is no file " + path + "; correct `file` of plugin \"" +
                            config.name + "\"");
  }
  std::vector<std::string> names;
  for (const std::string& file : bundled(options.bundled_folder)) {
    names.push_back(std::filesystem::path(file).stem().string());
  }
  return Error::not_found("there is no bundled plugin \"" + config.name + "\" (no file " + path +
                          "); there are: " + (names.empty() ? "none" : join(names, ", ")) +
                          ". For a plugin of your own set `file`");
}

// Bundled plugins are as trusted as this program; others are not, unless the config says so.
std::string isolation_of(const PluginConfig& config, const LoaderOptions& options) {
  if (!config.isolation.empty()) return config.isolation;
  const bool bundled = config.file.empty() ||
                       std::filesystem::path(config.file).parent_path() == options.bundled_folder;
  return bundled || !options.isolated ? kInProcess : "process";
}

Result<void> check_secrets(const PluginFile& file, const PluginConfig& config) {
  for (const auto& [name, reference] : config.secrets) {
    const auto& wanted = file.manifest.needs.secrets;
    if (std::find(wanted.begin(), wanted.end(), name) != wanted.end()) continue;
    return Error::invalid("plugin \"" + config.name + "\" has no secret \"" + name +
                          "\"; it has: " + (wanted.empty() ? "none" : join(wanted, ", ")));
  }
  return {};
}

// Reads the manifests of bundled plugins that are not enabled.
void add_known(PluginRegistry& registry, const std::vector<PluginConfig>& configs,
               const LoaderOptions& options) {
  for (const std::string& path : bundled(options.bundled_folder)) {
    const bool enabled =
        std::any_of(configs.begin(), configs.end(), [&](const PluginConfig& config) {
          return config.enabled && library_path(config, options) == path;
        });
    if (enabled) continue;
    auto file = read_plugin_file(path);
    if (file.ok()) registry.add_known(std::move(file->manifest));
  }
}

Result<void> start(const PluginConfig& config, const LoaderOptions& options, ProbeCache& cache,
                   PluginRegistry& registry) {
  std::shared_ptr<Provider> provider = TRY(load_plugin(config, options, cache));
  TRY(provider->activate(config.settings));
  auto added = registry.add(provider);
  if (!added.ok()) provider->deactivate();
  return added;
}

}  // namespace

HostServicesOptions services_for(const Manifest& manifest, const PluginConfig& config,
                                 const HostPorts& ports) {
  HostServicesOptions options{.plugin = manifest.name, .clock = ports.clock};
  options.may_read = [manifest](const GroupKind& kind) { return manifest.may_read(kind); };
  for (const std::string& name : manifest.needs.secrets) {
    const auto reference = config.secrets.find(name);
    options.secrets[name] = reference == config.secrets.end() ? "" : reference->second;
  }
  options.objects = ports.objects;
  options.metrics = ports.metrics;
  options.workload = manifest.needs.workload ? ports.workload : nullptr;
  options.events = ports.events;
  options.wake = ports.wake;
  options.pki = ports.pki;
  return options;
}

namespace {

// The dynamic linker takes a path for the library that is mapped from it already, whatever the file
// has become: a version beside that needs a name of its own.
Result<void> tell_from_mapped(PluginFile& file) {
  if (file.image != nullptr || file.is_folder() || !SharedObject::is_mapped(file.library)) {
    return {};
  }
  file.image = std::make_shared<const SealedFile>(TRY(SealedFile::read(file.library)));
  return {};
}

// Where it runs in this process it is tried out first.
Result<ProviderMaker> maker_of(const PluginConfig& config, PluginFile file,
                               const LoaderOptions& options, ProbeCache& cache) {
  if (const std::string isolation = isolation_of(config, options); isolation != kInProcess) {
    if (!options.isolated) {
      return Error{
          Code::kUnimplemented, file.path + ": this host cannot run plugins in a process", {}, {}};
    }
    PluginConfig resolved = config;
    resolved.isolation = isolation;
    return ProviderMaker([resolved, file = std::move(file),
                          make = options.isolated](std::unique_ptr<HostTable> host) {
      return make(resolved, file, std::move(host));
    });
  }
  TRY(tell_from_mapped(file));
  if (!options.probe.program.empty()) TRY(cache.try_out(file, options.probe));
  return ProviderMaker([file = std::move(file), native = options.native](
                           std::unique_ptr<HostTable> host) -> Result<std::unique_ptr<Provider>> {
    return std::unique_ptr<Provider>(TRY(NativeProvider::load(file, std::move(host), native)));
  });
}

}  // namespace

Result<std::unique_ptr<Provider>> load_plugin(const PluginConfig& config,
                                              const LoaderOptions& options, ProbeCache& cache) {
  const std::string path = library_path(config, options);
  auto file = open_plugin_file(path, options.trust, options.ports.clock.now());
  if (file.code() == Code::kNotFound) return absent(config, path, options);
  if (!file.ok()) return std::move(file).error();
  return load_plugin(config, *std::move(file), options, cache);
}

Result<std::unique_ptr<Provider>> load_plugin(const PluginConfig& config, PluginFile file,
                                              const LoaderOptions& options, ProbeCache& cache) {
  const std::string path = library_path(config, options);
  if (file.manifest.name != config.name) {
    return Error::invalid(path + " is plugin \"" + file.manifest.name +
                          "\"; name it so in the "
                          "config instead of \"" +
                          config.name + "\"");
  }
  TRY(check_secrets(file, config));
  for (const auto& warnings : {file.warnings, file.verified.warnings}) {
    for (const std::string& warning : warnings) spdlog::warn("{} {}", path, warning);
  }
  const Manifest manifest = file.manifest;
  const ProviderMaker make = TRY(maker_of(config, std::move(file), options, cache));
  auto services = std::make_unique<HostServices>(services_for(manifest, config, options.ports));
  if (config.record.empty()) return make(std::move(services));
  if (!options.recorded) {
    return Error{
        Code::kUnimplemented, "plugin \"" + config.name + "\" cannot be recorded here", {}, {}};
  }
  return options.recorded(config, manifest, std::move(services), make);
}

PluginRegistry load_plugins(const std::vector<PluginConfig>& configs,
                            const LoaderOptions& options) {
  PluginRegistry registry;
  ProbeCache cache(options.cache_file);
  add_known(registry, configs, options);
  for (const PluginConfig& config : configs) {
    if (!config.enabled) continue;
    auto started = start(config, options, cache, registry);
    if (started.ok()) continue;
    spdlog::error("plugin \"{}\" does not run: {}", config.name, started.error().message);
    registry.add_problem({config.name, library_path(config, options), std::move(started).error()});
  }
  cache.save();
  return registry;
}

}  // namespace capstan
