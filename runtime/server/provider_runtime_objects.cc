// ProviderRuntime's objects in the API: what is to run is read there, what runs is told there.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "capstan_version.h"
#include "runtime/server/provider_runtime.h"

namespace capstan {

// What the config and the plugin directories say, as objects.
Result<void> ProviderRuntime::write_objects() {
  const bool first = inventory_->is_first_start();
  if (first) TRY(inventory_->add({"CoreProvider", "cluster-api"}, CAPSTAN_VERSION));
  TRY(objects_->apply_config(configured_.value_or(std::vector<PluginConfig>())));
  TRY(introduce_files());
  for (const WantedPlugin& plugin : objects_->wanted()) {
    const bool from_config = configured_ && plugin.source == "config";
    const bool everything = !configured_ && first && plugin.source == "bundled";
    if (!plugin.config.enabled || !(from_config || everything)) continue;
    const Result<PluginFile> file = sources_.read(plugin.config);
    if (!file.ok()) continue;  // reported when it is to be started
    for (const ProviderEntry& provider : file->manifest.providers) {
      TRY(inventory_->add(provider, "v" + file->manifest.version));
    }
  }
  return first ? inventory_->remember_start() : Result<void>();
}

// What lies in the directories or is installed gets an object, also what was installed since the
// start. Only once: whoever deletes the object means it.
Result<void> ProviderRuntime::introduce_files() {
  for (const std::string& name : sources_.bundled()) {
    if (introduced_files_.insert(name).second) TRY(objects_->ensure_bundled(name, true));
  }
  return {};
}

// Somebody made a Plugin object: its providers belong into the inventory, once.
Result<void> ProviderRuntime::introduce_new() {
  for (const WantedPlugin& plugin : objects_->wanted()) {
    if (!plugin.source.empty() || plugin.introduced || !plugin.config.enabled) continue;
    const Result<PluginFile> file = sources_.read(plugin.config);
    if (!file.ok()) continue;  // reported when it is to be started
    for (const ProviderEntry& provider : file->manifest.providers) {
      TRY(inventory_->add(provider, "v" + file->manifest.version));
    }
    TRY(objects_->mark_introduced(plugin.config.name));
  }
  return {};
}

bool ProviderRuntime::listed(const Manifest& manifest) const {
  const std::set<std::string> labels = inventory_->labels();
  const auto& providers = manifest.providers;
  return providers.empty() ||
         std::any_of(providers.begin(), providers.end(), [&](const ProviderEntry& provider) {
           return labels.contains(provider_label(provider));
         });
}

void ProviderRuntime::report() {
  const std::map<std::string, PluginReport> reports = plugins_->reports();
  for (const auto& [name, report] : reports) {
    const Result<void> reported = objects_->report(name, report);
    if (!reported.ok()) spdlog::warn("plugin \"{}\": {}", name, reported.error().message);
  }
  report_providers(reports);
}

// clusterctl's inventory says the same for each provider.
void ProviderRuntime::report_providers(const std::map<std::string, PluginReport>& reports) {
  std::map<std::string, std::pair<const PluginReport*, std::string>> by_label;
  for (const auto& [name, report] : reports) {
    const Manifest* manifest = sources_.manifest(name);
    if (manifest == nullptr) continue;
    for (const ProviderEntry& provider : manifest->providers) {
      by_label[provider_label(provider)] = {&report, "v" + manifest->version};
    }
  }
  for (const std::string& label : inventory_->labels()) {
    Result<void> reported;
    const auto found = by_label.find(label);
    if (label == "cluster-api") {
      reported = inventory_->report(label, CAPSTAN_VERSION, "Ready", "");
    } else if (found == by_label.end()) {
      reported = inventory_->report(label, "", "Failed",
                                    "no plugin offers it; put its file into the plugin directory, "
                                    "name it in the config or install it");
    } else {
      const auto& [report, version] = found->second;
      const bool runs = report->state == "Running";
      reported = inventory_->report(label, version, runs ? "Ready" : report->state,
                                    runs ? report->not_up_to_date : report->message);
    }
    if (!reported.ok()) spdlog::warn("provider {}: {}", label, reported.error().message);
  }
}

}  // namespace capstan
