// From the config to running plugins. Each plugin's file is read, tried out in a child where it is
// not known to be good, loaded and activated; one that fails at any of these is named with the
// reason, and the rest goes on.
//
// Thread safety: one thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/plugin/host_services/host_services.h"
#include "runtime/plugin/native_provider.h"
#include "runtime/plugin/plugin_config.h"
#include "runtime/plugin/plugin_registry.h"
#include "runtime/plugin/probe_cache.h"

namespace capstan {

// What the host's services stand on; the program wires it. See HostServicesOptions.
struct HostPorts {
  Clock& clock;
  const WatchCache* objects = nullptr;
  PluginMetrics* metrics = nullptr;
  WorkloadClusters* workload = nullptr;
  std::function<void(const EventRecord&)> events = {};
  std::function<void(const ObjectKey&)> wake = {};
  std::function<Result<Json>(const Json& request)> pki = {};
};

// Makes an adapter over the host given; not active yet.
using ProviderMaker = std::function<Result<std::unique_ptr<Provider>>(std::unique_ptr<HostTable>)>;

struct LoaderOptions {
  HostPorts ports;
  std::string bundled_folder = {};  // where NAME.so of a plugin without `file` is
  std::string cache_file = {};      // of the probe; "" tries every file at every start
  ProbeOptions probe = {};
  NativeProviderOptions native = {};
  TrustPolicy trust = {};
  // Makes the adapter where a plugin is to run otherwise than in this process (`isolation` of the
  // config given is process or sandbox): where its config says so, or says nothing and its file is
  // outside of the bundled folder. Unset: the former is an error of the plugin, the latter runs in
  // this process. Gives a provider that is not active yet.
  std::function<Result<std::unique_ptr<Provider>>(const PluginConfig&, const PluginFile&,
                                                  std::unique_ptr<HostTable>)>
      isolated = {};
  // Makes the provider of a plugin whose config has `record`, wherever it runs: what the maker
  // makes over the host given, recorded. Unset: `record` is an error of the plugin.
  std::function<Result<std::unique_ptr<Provider>>(const PluginConfig&, const Manifest&,
                                                  std::unique_ptr<HostTable>, const ProviderMaker&)>
      recorded = {};
};

// The services that a plugin gets: the ports, narrowed to what its manifest asks for.
HostServicesOptions services_for(const Manifest& manifest, const PluginConfig& config,
                                 const HostPorts& ports);

// Loads without activating. Errors: the reason, with the path.
Result<std::unique_ptr<Provider>> load_plugin(const PluginConfig& config,
                                              const LoaderOptions& options, ProbeCache& cache);
// The same of a file that has been opened; `trust` of the options is not asked again.
Result<std::unique_ptr<Provider>> load_plugin(const PluginConfig& config, PluginFile file,
                                              const LoaderOptions& options, ProbeCache& cache);

// Loads and activates all that are enabled; bundled ones that are not become known().
PluginRegistry load_plugins(const std::vector<PluginConfig>& configs, const LoaderOptions& options);

}  // namespace capstan
