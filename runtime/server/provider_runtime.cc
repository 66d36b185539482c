#include "runtime/server/provider_runtime.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>

#include "capstan_version.h"
#include "runtime/controller/event_cleaner.h"
#include "runtime/controller/garbage_collector.h"
#include "runtime/lifecycle/register.h"
#include "runtime/plugin/plugin_admission.h"
#include "runtime/plugin/probe.h"
#include "runtime/plugin/provider_reconciler.h"
#include "runtime/system/pki.h"
#include "runtime/workload/http_workload_clusters.h"

namespace capstan {
namespace {

namespace fs = std::filesystem;

constexpr const char* kClusterLabel = "cluster.x-k8s.io/cluster-name";

std::vector<PluginConfig> bundled_plugins(const std::vector<std::string>& directories) {
  std::vector<PluginConfig> found;
  for (const std::string& directory : directories) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
      if (entry.path().extension() != ".so") continue;
      PluginConfig config;
      config.name = entry.path().stem().string();
      config.file = entry.path().string();
      const bool is_new = std::none_of(found.begin(), found.end(), [&](const PluginConfig& other) {
        return other.name == config.name;
      });
      if (is_new) found.push_back(std::move(config));
    }
  }
  std::sort(found.begin(), found.end(), [](auto& a, auto& b) { return a.name < b.name; });
  return found;
}

// The file of a plugin that the config only names; the first place where the loader will say that
// it is missing where it is nowhere.
std::string find_file(const PluginConfig& config, const std::vector<std::string>& directories) {
  if (!config.file.empty()) return config.file;
  for (const std::string& directory : directories) {
    const std::string path = directory + "/" + config.name + ".so";
    if (fs::exists(path)) return path;
  }
  return (directories.empty() ? std::string(".") : directories.front()) + "/" + config.name + ".so";
}

// Writes that are under way may still ask plugins that have just been exchanged: the admission
// keeps its registry alive.
std::shared_ptr<Admission> admission_of(std::shared_ptr<PluginRegistry> registry, Clock& clock) {
  struct Owned {
    Owned(std::shared_ptr<PluginRegistry> plugins, Clock& clock)
        : registry(std::move(plugins)), admission(*registry, clock) {}
    std::shared_ptr<PluginRegistry> registry;
    PluginAdmission admission;
  };
  auto owned = std::make_shared<Owned>(std::move(registry), clock);
  return {owned, &owned->admission};
}

}  // namespace

// One file: `file` where it could be read and tried out, `provider` while it is enabled.
struct ProviderRuntime::Plugin {
  PluginConfig config;
  bool in_config = false;
  PluginFile file;
  std::shared_ptr<Provider> provider;
  std::string failure;  // why it could not be activated
};

ProviderRuntime::ProviderRuntime(const ServerConfig& config, std::string data_dir)
    : configured_(config.plugins.has_value()) {
  load_files(config, data_dir);
}

ProviderRuntime::~ProviderRuntime() {
  stop();
}

void ProviderRuntime::load_files(const ServerConfig& config, const std::string& data_dir) {
  ProbeCache cache(data_dir + "/plugins.probed");
  std::vector<PluginConfig> candidates = bundled_plugins(config.plugin_directories);
  std::set<std::string> named;
  for (PluginConfig plugin : config.plugins.value_or(std::vector<PluginConfig>())) {
    plugin.file = find_file(plugin, config.plugin_directories);
    named.insert(plugin.name);
    std::erase_if(candidates, [&](const PluginConfig& other) { return other.name == plugin.name; });
    if (plugin.enabled) candidates.push_back(std::move(plugin));
  }
  for (PluginConfig& candidate : candidates) {
    const auto load = [&]() -> Result<PluginFile> {
      PluginFile file = TRY(read_plugin_file(candidate.file));
      if (file.manifest.name != candidate.name && named.contains(candidate.name)) {
        return Error::invalid(candidate.file + " is plugin \"" + file.manifest.name +
                              "\"; name it so in the config instead of \"" + candidate.name + "\"");
      }
      if (!cache.known_good(candidate.file)) {
        TRY(probe_plugin(file, std::chrono::seconds(5)));
        cache.remember(candidate.file);
      }
      return file;
    };
    Result<PluginFile> file = load();
    if (!file.ok()) {
      spdlog::error("plugin \"{}\" does not run: {}", candidate.name, file.error().message);
      problems_[candidate.name] = file.error().message;
      continue;
    }
    auto plugin = std::make_unique<Plugin>();
    plugin->in_config = named.contains(candidate.name);
    plugin->config = std::move(candidate);
    plugin->file = *std::move(file);
    plugins_[plugin->file.manifest.name] = std::move(plugin);
  }
  cache.save();
}

HostPorts ProviderRuntime::ports() {
  HostPorts ports{.clock = core_->clock};
  ports.objects = core_->cache.get();
  ports.workload = workload_.get();
  ports.wake = [this](const ObjectKey& key) { wake(key); };
  ports.pki = [this](const Json& request) { return run_pki(request, core_->clock.now()); };
  return ports;
}

Result<void> ProviderRuntime::start(RuntimeCore& core, std::function<void()> changed) {
  core_ = &core;
  workload_ = make_http_workload_clusters(*core.cache, core.clock, core.random);
  inventory_ = std::make_unique<ProviderInventory>(*core.resources);
  TRY(enable_at_start());
  update_plugins();
  start_controllers();
  inventory_watch_ = TRY(core.cache->watch(kProviderKind, core.cache->revision(),
                                           // The server's own reports are no reason to look again.
                                           [changed = std::move(changed)](const StoreEvent& event) {
                                             if (event.type != EventType::kModified ||
                                                 event.object->meta().deleting())
                                               changed();
                                           }));
  return {};
}

Result<void> ProviderRuntime::enable_at_start() {
  const bool first = inventory_->is_first_start();
  if (first) TRY(inventory_->add({"CoreProvider", "cluster-api"}, CAPSTAN_VERSION));
  for (const auto& [name, plugin] : plugins_) {
    if (!plugin->in_config && (configured_ || !first)) continue;
    for (const ProviderEntry& provider : plugin->file.manifest.providers) {
      TRY(inventory_->add(provider, "v" + plugin->file.manifest.version));
    }
  }
  return inventory_->remember_start(problems_);
}

bool ProviderRuntime::is_enabled(const Plugin& plugin, const std::set<std::string>& labels) const {
  const auto& providers = plugin.file.manifest.providers;
  return std::any_of(providers.begin(), providers.end(), [&](const ProviderEntry& provider) {
    return labels.contains(provider_label(provider));
  });
}

// Brings the plugin's kinds, loads it and activates it.
Result<void> ProviderRuntime::activate(Plugin& plugin) {
  BootOptions boot;
  boot.bundled_crds = plugin.file.manifest.kinds;
  boot.namespaces.clear();
  boot.writers = kBootWriters;
  TRY(boot_resources(*core_->resources, boot));
  LoaderOptions options{.ports = ports()};
  options.probe = false;  // tried out before the program had threads
  ProbeCache unused("");
  std::shared_ptr<Provider> provider = TRY(load_plugin(plugin.config, options, unused));
  TRY(provider->activate(plugin.config.settings));
  plugin.provider = std::move(provider);
  return {};
}

void ProviderRuntime::report(const Plugin& plugin, const std::string& state,
                             const std::string& message) {
  for (const ProviderEntry& provider : plugin.file.manifest.providers) {
    const Result<void> reported = inventory_->report(
        provider_label(provider), "v" + plugin.file.manifest.version, state, message);
    if (!reported.ok()) {
      spdlog::warn("provider {}: {}", provider_label(provider), reported.error().message);
    }
  }
}

// Activates and deactivates as the inventory says. True where the set has changed.
bool ProviderRuntime::update_plugins() {
  const std::set<std::string> labels = inventory_->labels();
  bool changed = registry_ == nullptr;
  std::set<std::string> served = {"cluster-api"};
  for (const auto& [name, plugin] : plugins_) {
    for (const ProviderEntry& provider : plugin->file.manifest.providers) {
      served.insert(provider_label(provider));
    }
    const bool wanted = is_enabled(*plugin, labels);
    if (!wanted) {
      changed = changed || plugin->provider != nullptr;
      if (plugin->provider != nullptr) plugin->provider->deactivate();
      plugin->provider.reset();
      plugin->failure.clear();
    } else if (plugin->provider == nullptr) {
      const Result<void> activated = activate(*plugin);
      plugin->failure = activated.ok() ? "" : activated.error().message;
      if (!activated.ok()) spdlog::error("plugin \"{}\" does not run: {}", name, plugin->failure);
      changed = changed || activated.ok();
    }
    if (wanted) report(*plugin, plugin->failure.empty() ? "Ready" : "Failed", plugin->failure);
  }
  for (const std::string& label : labels) {
    if (label == "cluster-api") {
      (void)inventory_->report(label, CAPSTAN_VERSION, "Ready", "");
    } else if (!served.contains(label)) {
      (void)inventory_->report(
          label, "", "Failed",
          "no plugin offers it; put its file into the plugin directory or name "
          "it in the config");
    }
  }
  return changed;
}

void ProviderRuntime::start_controllers() {
  auto registry = std::make_shared<PluginRegistry>();
  for (const auto& [name, plugin] : plugins_) {
    if (plugin->provider == nullptr) {
      registry->add_known(plugin->file.manifest);
      continue;
    }
    const Result<void> added = registry->add(plugin->provider);
    if (!added.ok()) {
      spdlog::error("plugin \"{}\" does not run: {}", name, added.error().message);
      report(*plugin, "Failed", added.error().message);
    }
  }
  core_->plugin_admission->set(admission_of(registry, core_->clock));

  auto manager = std::make_shared<Manager>(ManagerOptions{
      .resources = *core_->resources, .clock = core_->clock, .random = core_->random});
  manager->add(garbage_collector(core_->kinds));
  manager->add(event_cleaner());
  lifecycle::Deps deps{core_->kinds, *workload_,
                       [this](const ClusterName& cluster) { wake_cluster(cluster); }};
  lifecycle::register_controllers(*manager, *core_->resources, deps);
  for (const GroupKind& kind : registry->reconciled()) {
    manager->add(provider_controller(kind, *registry, core_->kinds));
  }
  {
    const std::scoped_lock lock(manager_mutex_);
    registry_ = registry;
    manager_ = manager;
  }
  const Result<void> started = manager->start();
  if (!started.ok()) spdlog::error("controllers: {}", started.error().message);
}

void ProviderRuntime::apply() {
  std::shared_ptr<Manager> manager;
  {
    const std::scoped_lock lock(manager_mutex_);
    manager = manager_;
  }
  const std::set<std::string> labels = inventory_->labels();
  const bool differs = std::any_of(plugins_.begin(), plugins_.end(), [&](const auto& entry) {
    return is_enabled(*entry.second, labels) != (entry.second->provider != nullptr);
  });
  if (!differs) {
    update_plugins();  // answers objects that name no plugin
    return;
  }
  if (manager != nullptr) manager->stop();
  update_plugins();
  start_controllers();
}

void ProviderRuntime::wake(const ObjectKey& key) {
  std::shared_ptr<Manager> manager;
  {
    const std::scoped_lock lock(manager_mutex_);
    manager = manager_;
  }
  if (manager != nullptr) manager->enqueue(provider_controller_name(key.kind), key);
}

// Control planes look at their workload cluster themselves.
void ProviderRuntime::wake_cluster(const ClusterName& cluster) {
  std::shared_ptr<PluginRegistry> registry;
  {
    const std::scoped_lock lock(manager_mutex_);
    registry = registry_;
  }
  if (registry == nullptr) return;
  for (const GroupKind& kind : registry->reconciled()) {
    for (const ProviderRoute& route : registry->routes(kind)) {
      if (route.entry->role != ProviderRole::kControlPlane) continue;
      const ListOptions options{cluster.ns, {{kClusterLabel, cluster.name}}};
      for (const ObjectPtr& object : core_->cache->list(kind, options).items) wake(object->key());
    }
  }
}

void ProviderRuntime::stop() {
  if (core_ == nullptr) return;  // never started, or stopped already
  inventory_watch_.reset();
  std::shared_ptr<Manager> manager;
  {
    const std::scoped_lock lock(manager_mutex_);
    manager = manager_;
  }
  if (manager != nullptr) manager->stop();
  core_->plugin_admission->set(nullptr);
  for (const auto& [name, plugin] : plugins_) {
    if (plugin->provider != nullptr) plugin->provider->deactivate();
  }
  // Its callbacks reach the manager, and the plugins' services reach it.
  for (const auto& [name, plugin] : plugins_) plugin->provider.reset();
  {
    const std::scoped_lock lock(manager_mutex_);
    registry_.reset();
  }
  workload_.reset();
  {
    const std::scoped_lock lock(manager_mutex_);
    manager_.reset();
  }
  core_ = nullptr;
}

std::vector<ControllerStatistics> ProviderRuntime::statistics() const {
  const std::scoped_lock lock(manager_mutex_);
  return manager_ == nullptr ? std::vector<ControllerStatistics>() : manager_->statistics();
}

}  // namespace capstan
