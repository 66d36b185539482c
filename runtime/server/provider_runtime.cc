#include "runtime/server/provider_runtime.h"

#include <spdlog/spdlog.h>

#include "runtime/controller/event_cleaner.h"
#include "runtime/controller/garbage_collector.h"
#include "runtime/isolation/host_program.h"
#include "runtime/isolation/isolated_provider.h"
#include "runtime/lifecycle/register.h"
#include "runtime/plugin/plugin_admission.h"
#include "runtime/plugin/provider_reconciler.h"
#include "runtime/server/holding_admission.h"
#include "runtime/system/pki.h"
#include "runtime/workload/http_workload_clusters.h"

namespace capstan {
namespace {

constexpr std::chrono::seconds kAdmissionTimeout{5};
constexpr const char* kClusterLabel = "cluster.x-k8s.io/cluster-name";
// Between two objects of a plugin that was started again.
constexpr Duration kWakePace = std::chrono::milliseconds(5);
// Nobody sees so small a delay, and a cluster that comes up changes faster than that.
constexpr Duration kRest = std::chrono::milliseconds(50);

// Writes that are under way may still ask plugins that have just been exchanged: the admission
// keeps its registry alive.
std::shared_ptr<Admission> admission_of(std::shared_ptr<PluginRegistry> registry,
                                        const std::shared_ptr<const Tracer>& tracer) {
  struct Owned {
    Owned(std::shared_ptr<PluginRegistry> plugins, std::shared_ptr<const Tracer> spans)
        : registry(std::move(plugins)),
          tracer(std::move(spans)),
          admission(*registry, tracer->clock, kAdmissionTimeout, tracer.get()) {}
    std::shared_ptr<PluginRegistry> registry;
    std::shared_ptr<const Tracer> tracer;
    PluginAdmission admission;
  };
  auto owned = std::make_shared<Owned>(std::move(registry), tracer);
  return {owned, &owned->admission};
}

Error stop_was_asked() {
  return {Code::kCancelled, "the server is told to stop", {}, {}};
}

// The server's own reports are no reason to look again.
bool is_news(const StoreEvent& event) {
  if (event.type != EventType::kModified || event.object->meta().deleting()) return true;
  const Metadata& now = event.object->meta();
  const Metadata& before = event.previous->meta();
  return now.generation != before.generation ||
         now.annotation(kReloadAnnotation) != before.annotation(kReloadAnnotation) ||
         now.annotation(kUnquarantineAnnotation) != before.annotation(kUnquarantineAnnotation);
}

}  // namespace

ProviderRuntime::ProviderRuntime(const ServerConfig& config, TrustPolicy trust, const Clock& clock,
                                 const WakeSignal& signals, SpanSink* spans,
                                 isolation::Handover& handover)
    : signals_(signals),
      spans_(spans),
      handover_(handover),
      configured_(config.plugins),
      sources_(config.plugin_directories, config.data_dir, std::move(trust), clock,
               signals.stop_descriptor()) {}

ProviderRuntime::~ProviderRuntime() {
  stop();
}

HostPorts ProviderRuntime::ports() {
  HostPorts ports{.clock = core_->clock};
  ports.objects = core_->cache.get();
  ports.metrics = metrics_.get();
  ports.workload = workload_.get();
  ports.events = [this](const EventRecord& event) { events_->record(event, "plugin"); };
  ports.wake = [this](const ObjectKey& key) { wake(key); };
  ports.pki = [this](const Json& request) { return run_pki(request, core_->clock.now()); };
  return ports;
}

// `changed`: a plugin's process was started again, or will not be.
LoaderOptions ProviderRuntime::loader_options(std::function<void()> changed) {
  LoaderOptions options{.ports = ports()};
  options.isolated = [this, changed = std::move(changed)](
                         const PluginConfig& config, const PluginFile& file,
                         std::unique_ptr<HostTable> services) -> Result<std::unique_ptr<Provider>> {
    isolation::IsolationOptions isolated{.clock = core_->clock, .random = core_->random};
    isolated.program = TRY(isolation::plugin_host_program());
    isolated.sandbox = config.isolation == "sandbox";
    isolated.limits = config.limits;
    isolated.restart = config.restart;
    isolated.ending = [this] { return ending_.load(); };
    // A record begins with the start of its process.
    if (config.record.empty()) isolated.handover = &handover_;
    isolated.changed = [this, changed, manifest = file.manifest] {
      wake_objects_of(manifest);
      changed();
    };
    return std::unique_ptr<Provider>(std::make_unique<isolation::IsolatedProvider>(
        file, std::move(services), std::move(isolated)));
  };
  return options;
}

PluginSetPorts ProviderRuntime::set_ports(std::function<void()> changed) {
  PluginSetPorts out;
  out.load = [this, changed](const PluginConfig& config,
                             PluginReport& report) -> Result<std::shared_ptr<Provider>> {
    // A plugin takes its time to become active; nobody waits for it who wants an end.
    if (signals_.stop_asked()) return stop_was_asked();
    PluginFile file = TRY(sources_.read(config));
    if (!listed(file.manifest)) return std::shared_ptr<Provider>();
    return sources_.load(config, std::move(file), loader_options(changed), report);
  };
  out.bring_kinds = [this](const Manifest& manifest) {
    hold_writes_for(manifest);
    BootOptions boot;
    boot.bundled_crds = manifest.kinds;
    boot.namespaces.clear();
    boot.writers = kBootWriters;
    return boot_resources(*core_->resources, boot);
  };
  out.listed = [this](const Manifest& manifest) { return listed(manifest); };
  out.may_be_listed = [this](const PluginConfig& config) {
    const Manifest* known = sources_.unchanged(config);
    return known == nullptr || listed(*known);
  };
  out.changed = std::move(changed);
  return out;
}

void ProviderRuntime::hold_writes(RuntimeCore& core) {
  const auto look_at = [this](const PluginConfig& config) {
    // What cannot be read is reported when it is to be started.
    if (config.enabled && !config.file.empty()) (void)sources_.read(config);
  };
  for (const PluginConfig& config : configured_.value_or(std::vector<PluginConfig>())) {
    look_at(config);
  }
  for (const WantedPlugin& plugin : PluginObjects(*core.resources).wanted()) {
    look_at(plugin.config);
  }
  core.plugin_admission->set(hold_all());
}

void ProviderRuntime::try_ahead(const RuntimeCore& core) {
  std::vector<PluginConfig> soon = configured_.value_or(std::vector<PluginConfig>());
  // The first start takes all there are; later ones what the inventory says, known as good by then.
  if (!configured_ && ProviderInventory(*core.resources).is_first_start()) {
    for (const std::string& name : sources_.bundled()) soon.emplace_back().name = name;
  }
  // What has an object already is as somebody said there: disabled, or in a process.
  std::set<std::string> told;
  for (const WantedPlugin& plugin : PluginObjects(*core.resources).wanted()) {
    told.insert(plugin.config.name);
  }
  for (const PluginConfig& config : soon) {
    if (config.enabled && !told.contains(config.name)) sources_.try_ahead(config);
  }
}

std::shared_ptr<Admission> ProviderRuntime::hold_all() const {
  std::set<GroupKind> kinds;
  for (const auto& [name, manifest] : sources_.manifests()) {
    kinds.insert(manifest.admits.begin(), manifest.admits.end());
  }
  return std::make_shared<HoldingAdmission>(std::move(kinds));
}

// Until start_controllers(): its kinds are served before it can be asked about them. What a running
// plugin judges goes on: it may be the version before.
void ProviderRuntime::hold_writes_for(const Manifest& manifest) {
  std::set<GroupKind> kinds;
  for (const GroupKind& kind : manifest.admits) {
    if (registry_ == nullptr || registry_->admitting(kind).empty()) kinds.insert(kind);
  }
  if (kinds.empty()) return;
  core_->plugin_admission->set(
      std::make_shared<HoldingAdmission>(std::move(kinds), core_->plugin_admission->target()));
}

Result<void> ProviderRuntime::start(RuntimeCore& core, const std::function<void()>& changed) {
  core_ = &core;
  metrics_ = std::make_unique<RegistryPluginMetrics>(core.metrics);
  events_ = std::make_unique<EventRecorder>(*core.resources, core.clock, core.random);
  tracer_ = std::make_shared<const Tracer>(Tracer{core.clock, core.random, spans_});
  workload_ = make_http_workload_clusters(*core.cache, core.clock, core.random);
  inventory_ = std::make_unique<ProviderInventory>(*core.resources);
  objects_ = std::make_unique<PluginObjects>(*core.resources);
  plugins_ = std::make_unique<PluginSet>(set_ports(changed));
  TRY(write_objects());
  (void)plugins_->advance(objects_->wanted());
  sources_.forget_read();
  if (signals_.stop_asked()) return stop_was_asked();
  plugins_->settle();
  start_controllers();
  report();
  for (const GroupKind& kind : {kProviderKind, kPluginKind}) {
    watches_.push_back(TRY(
        core.cache->watch(kind, core.cache->revision(), [changed, kind](const StoreEvent& event) {
          if (is_news(event)) changed();
        })));
  }
  return {};
}

std::shared_ptr<PluginRegistry> ProviderRuntime::make_registry() {
  auto registry = std::make_shared<PluginRegistry>();
  std::set<std::string> running;
  for (const auto& slot : plugins_->running()) {
    running.insert(slot->name());
    const Result<void> added = registry->add(slot);
    if (added.ok()) continue;
    spdlog::error("plugin \"{}\" does not run: {}", slot->name(), added.error().message);
    plugins_->refuse(slot->name(), added.error().message);
  }
  for (const auto& [name, manifest] : sources_.manifests()) {
    if (!running.contains(name)) registry->add_known(manifest);
  }
  return registry;
}

void ProviderRuntime::start_controllers() {
  const std::shared_ptr<PluginRegistry> registry = make_registry();
  checked_writes_ = admission_of(registry, tracer_);
  core_->plugin_admission->set(checked_writes_);

  ManagerOptions manager_options{
      .resources = *core_->resources, .clock = core_->clock, .random = core_->random};
  manager_options.queue.rest = kRest;
  for (const auto& slot : plugins_->running()) {
    // A plugin that hangs in all calls that it may have leaves the others as many threads.
    if (slot->state().isolation == "in-process") continue;
    for (const ReconcileEntry& entry : slot->manifest().reconciles) {
      manager_options.max_threads += entry.concurrency;
    }
  }
  auto manager = std::make_shared<Manager>(manager_options);
  manager->add(garbage_collector(core_->kinds));
  manager->add(event_cleaner());
  lifecycle::Deps deps{core_->kinds, *workload_,
                       [this](const ClusterName& cluster) { wake_cluster(cluster); }};
  lifecycle::register_controllers(*manager, *core_->resources, deps);
  for (const GroupKind& kind : registry->reconciled()) {
    manager->add(provider_controller(kind, *registry, core_->kinds, tracer_.get()));
  }
  {
    const std::scoped_lock lock(manager_mutex_);
    registry_ = registry;
    manager_ = manager;
  }
  workload_->set_interrupted(false);
  const Result<void> started = manager->start();
  if (!started.ok()) spdlog::error("controllers: {}", started.error().message);
}

// Calls that are under way are told to give up, so that nobody waits for an engine or a cluster
// that does not answer; and first of all, since what a broken request tells of a cluster is not
// true.
void ProviderRuntime::stop_controllers() {
  const auto running = manager();
  if (running != nullptr) running->cancel();
  workload_->set_interrupted(true);
  if (running != nullptr) running->stop();
}

std::shared_ptr<Manager> ProviderRuntime::manager() const {
  const std::scoped_lock lock(manager_mutex_);
  return manager_;
}

void ProviderRuntime::apply() {
  const Result<void> found = introduce_files();
  if (!found.ok()) spdlog::warn("plugins: {}", found.error().message);
  const Result<void> introduced = introduce_new();
  if (!introduced.ok()) spdlog::warn("inventory: {}", introduced.error().message);
  const bool to_settle = plugins_->advance(objects_->wanted());
  sources_.forget_read();
  if (to_settle) {
    stop_controllers();
    plugins_->settle();
    start_controllers();
  } else {
    core_->plugin_admission->set(checked_writes_);  // whatever was to start does not run
  }
  report();
}

void ProviderRuntime::wake(const ObjectKey& key, Duration delay) {
  if (const auto running = manager(); running != nullptr) {
    running->enqueue(provider_controller_name(key.kind), key, delay);
  }
}

// What a plugin knew only in memory is lost with its process. One after the other: a plugin that
// ends again and again would otherwise have the server look at all of its objects all the time. An
// object that has to wait for less keeps its own time.
void ProviderRuntime::wake_objects_of(const Manifest& manifest) {
  Duration delay = Duration::zero();
  for (const ReconcileEntry& entry : manifest.reconciles) {
    for (const ObjectPtr& object : core_->cache->list(entry.kind).items) {
      wake(object->key(), delay);
      delay += kWakePace;
    }
  }
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
  watches_.clear();
  ending_ = true;
  stop_controllers();
  core_->plugin_admission->set(hold_all());
  if (plugins_ != nullptr) plugins_->stop();
  // The callbacks of the workload clusters reach the manager, and the plugins' services reach it.
  {
    const std::scoped_lock lock(manager_mutex_);
    registry_.reset();
  }
  checked_writes_.reset();  // it has the registry too
  plugins_.reset();
  workload_.reset();
  {
    const std::scoped_lock lock(manager_mutex_);
    manager_.reset();
  }
  core_ = nullptr;
}

std::map<std::string, PluginFigures> ProviderRuntime::plugin_figures() const {
  std::map<std::string, size_t> depths;
  for (const ControllerStatistics& controller : statistics()) {
    depths[controller.controller] = controller.depth;
  }
  const std::scoped_lock lock(manager_mutex_);
  std::map<std::string, PluginFigures> all;
  if (registry_ == nullptr) return all;
  for (const auto& provider : registry_->providers()) {
    PluginFigures& figures = all[provider->name()];
    figures.statistics = provider->statistics();
    figures.state = provider->state();
    for (const ReconcileEntry& entry : provider->manifest().reconciles) {
      figures.queued += depths[provider_controller_name(entry.kind)];
    }
  }
  return all;
}

std::vector<ControllerStatistics> ProviderRuntime::statistics() const {
  const std::scoped_lock lock(manager_mutex_);
  return manager_ == nullptr ? std::vector<ControllerStatistics>() : manager_->statistics();
}

}  // namespace capstan
