// The providers at work: plugins that run as the Plugin objects and the inventory say, their kinds
// brought, and the controllers that drive them together with Cluster API's own.
//
// A plugin that starts, ends or comes in another shape stops the controllers for a moment and
// starts them with the new set; nothing is lost, since everything that is to be done follows from
// what is stored. A version of the same shape takes over without that (plugin_set.h).
//
// Thread safety: start(), apply() and stop() from the server's main thread.
// Lifetime: the core and the signals outlive it.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "runtime/controller/event_recorder.h"
#include "runtime/controller/manager.h"
#include "runtime/isolation/handover.h"
#include "runtime/plugin/registry_plugin_metrics.h"
#include "runtime/server/plugin_set.h"
#include "runtime/server/plugin_sources.h"
#include "runtime/server/provider_inventory.h"
#include "runtime/server/runtime_core.h"
#include "runtime/server/server_config.h"
#include "runtime/server/wake_signal.h"
#include "runtime/telemetry/trace.h"
#include "runtime/workload/workload.h"

namespace capstan {

// What a plugin that runs did, how it is, and what waits for it.
struct PluginFigures {
  ProviderStatistics statistics;
  ProviderState state;
  size_t queued = 0;  // objects of its kinds that are to be reconciled
};

class ProviderRuntime {
 public:
  // The clock, the signals, the sink (null for none) and the handover outlive it.
  ProviderRuntime(const ServerConfig& config, TrustPolicy trust, const Clock& clock,
                  const WakeSignal& signals, SpanSink* spans, isolation::Handover& handover);
  ~ProviderRuntime();

  // Until start() has been: writes of what plugins are asked about are put off. Before the API
  // serves.
  void hold_writes(RuntimeCore& core);
  // Begins to try out what start() will load as far as that is known already. Any time before it.
  void try_ahead(const RuntimeCore& core);
  // Starts what is enabled, and the controllers. `changed` is called from another thread when
  // there may be something to do: call apply() then.
  // Errors: kCancelled where a stop is asked for meanwhile; those of the store.
  Result<void> start(RuntimeCore& core, const std::function<void()>& changed);
  // Follows the objects.
  void apply();
  // Returns when no reconcile is running and no plugin is active, but for the processes that are
  // left where a handover is under way.
  void stop();

  std::vector<ControllerStatistics> statistics() const;
  // By the plugin's name; of those that run.
  std::map<std::string, PluginFigures> plugin_figures() const;

 private:
  HostPorts ports();
  LoaderOptions loader_options(std::function<void()> changed);
  PluginSetPorts set_ports(std::function<void()> changed);
  Result<void> write_objects();
  Result<void> introduce_files();
  Result<void> introduce_new();
  bool listed(const Manifest& manifest) const;
  void report();
  std::shared_ptr<Admission> hold_all() const;
  void hold_writes_for(const Manifest& manifest);
  void report_providers(const std::map<std::string, PluginReport>& reports);
  void start_controllers();
  void stop_controllers();
  std::shared_ptr<PluginRegistry> make_registry();
  std::shared_ptr<Manager> manager() const;
  void wake(const ObjectKey& key, Duration delay = Duration::zero());
  void wake_objects_of(const Manifest& manifest);
  void wake_cluster(const ClusterName& cluster);

  const WakeSignal& signals_;
  SpanSink* const spans_;
  isolation::Handover& handover_;
  const std::optional<std::vector<PluginConfig>> configured_;
  PluginSources sources_;
  std::set<std::string> introduced_files_;
  std::shared_ptr<Admission> checked_writes_;  // by the plugins that the controllers drive

  std::atomic<bool> ending_{false};  // nobody waits for calls of plugins any more
  RuntimeCore* core_ = nullptr;
  std::unique_ptr<RegistryPluginMetrics> metrics_;
  std::unique_ptr<EventRecorder> events_;  // of plugins, beside those that come with a reply
  std::shared_ptr<const Tracer> tracer_;
  std::unique_ptr<WorkloadClusters> workload_;
  std::unique_ptr<ProviderInventory> inventory_;
  std::unique_ptr<PluginObjects> objects_;
  std::unique_ptr<PluginSet> plugins_;
  std::vector<std::unique_ptr<WatchHandle>> watches_;

  mutable std::mutex manager_mutex_;  // of the pointers: plugins wake objects from their threads
  std::shared_ptr<PluginRegistry> registry_;
  std::shared_ptr<Manager> manager_;
};

}  // namespace capstan
