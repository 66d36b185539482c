// The providers at work: plugins loaded and activated as the inventory says, their kinds brought,
// and the controllers that drive them together with Cluster API's own.
//
// Enabling or disabling a provider stops the controllers for a moment and starts them with the new
// set; nothing is lost, since everything that is to be done follows from what is stored.
//
// Thread safety: start(), apply() and stop() from the server's main thread.
// Lifetime: the core outlives it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/controller/manager.h"
#include "runtime/plugin/plugin_loader.h"
#include "runtime/server/provider_inventory.h"
#include "runtime/server/runtime_core.h"
#include "runtime/server/server_config.h"
#include "runtime/workload/workload.h"

namespace capstan {

class ProviderRuntime {
 public:
  // Reads and tries out the plugins' files: to be made before threads are started.
  ProviderRuntime(const ServerConfig& config, std::string data_dir);
  ~ProviderRuntime();

  // Activates what is enabled and starts the controllers. `changed` is called from another thread
  // when the inventory has changed: call apply() then.
  Result<void> start(RuntimeCore& core, std::function<void()> changed);
  // Follows the inventory.
  void apply();
  // Returns when no reconcile is running and no plugin is active.
  void stop();

  std::vector<ControllerStatistics> statistics() const;

 private:
  struct Plugin;  // one file

  void load_files(const ServerConfig& config, const std::string& data_dir);
  HostPorts ports();
  Result<void> enable_at_start();
  bool is_enabled(const Plugin& plugin, const std::set<std::string>& labels) const;
  bool update_plugins();
  Result<void> activate(Plugin& plugin);
  void report(const Plugin& plugin, const std::string& state, const std::string& message);
  void start_controllers();
  void wake(const ObjectKey& key);
  void wake_cluster(const ClusterName& cluster);

  const bool configured_;  // the config names the plugins
  std::map<std::string, std::unique_ptr<Plugin>> plugins_;
  std::map<std::string, std::string> problems_;

  RuntimeCore* core_ = nullptr;
  std::unique_ptr<WorkloadClusters> workload_;
  std::unique_ptr<ProviderInventory> inventory_;
  std::unique_ptr<WatchHandle> inventory_watch_;

  mutable std::mutex manager_mutex_;  // of the pointer: plugins wake objects from their threads
  std::shared_ptr<PluginRegistry> registry_;
  std::shared_ptr<Manager> manager_;
};

}  // namespace capstan
