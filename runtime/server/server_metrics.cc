#include "runtime/server/server_metrics.h"

#include <filesystem>

#include "capstan_version.h"
#include "runtime/system/process_usage.h"

namespace capstan {
namespace {

double number(uint64_t value) {
  return static_cast<double>(value);
}

void describe_process(Exposition& out) {
  const Result<ProcessUsage> usage = read_process_usage();
  if (!usage.ok()) return;
  out.counter("process_cpu_seconds_total", "CPU time, user and system.", {}, usage->cpu_seconds);
  out.gauge("process_resident_memory_bytes", "Resident memory.", {}, number(usage->resident_bytes));
  out.gauge("process_virtual_memory_bytes", "Virtual memory.", {}, number(usage->virtual_bytes));
  out.gauge("process_open_fds", "Open file descriptors.", {}, number(usage->open_fds));
  out.gauge("process_max_fds", "How many file descriptors may be open.", {},
            number(usage->max_fds));
  out.gauge("process_threads", "Threads.", {}, number(usage->threads));
  out.gauge("process_start_time_seconds", "Start of the process since 1970.", {},
            usage->start_time);
}

// With the log of what is not in the file yet.
double store_bytes(const std::string& file) {
  double bytes = 0;
  for (const char* suffix : {"", "-wal"}) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file + suffix, error);
    if (!error) bytes += static_cast<double>(size);
  }
  return bytes;
}

void describe_store(const RuntimeCore& core, Exposition& out) {
  out.gauge("apiserver_storage_size_bytes", "Size of the store's files.",
            {{"storage_cluster_id", "capstan"}}, store_bytes(core.store_file));
  out.gauge("capstan_store_revision", "The newest revision.", {},
            number(static_cast<uint64_t>(core.cache->revision())));
  for (const KindPtr& kind : core.kinds.all()) {
    const std::string resource =
        kind->id.group.empty() ? kind->plural : kind->plural + "." + kind->id.group;
    out.gauge("apiserver_storage_objects", "Stored objects by resource.", {{"resource", resource}},
              number(core.cache->count(kind->id)));
  }
}

void describe_results(const ControllerStatistics& controller, Exposition& out) {
  const uint64_t other = controller.errors + controller.conflicts + controller.requeues;
  // The figures are read one after the other while reconciles go on.
  const uint64_t success = controller.reconciles > other ? controller.reconciles - other : 0;
  const std::pair<const char*, uint64_t> results[] = {{"success", success},
                                                      {"error", controller.errors},
                                                      {"requeue", controller.conflicts},
                                                      {"requeue_after", controller.requeues}};
  for (const auto& [result, count] : results) {
    out.counter("controller_runtime_reconcile_total",
                "Reconciles by result; \"requeue\" lost a race with another writer.",
                {{"controller", controller.controller}, {"result", result}}, number(count));
  }
}

void describe_plugin_process(const std::string& plugin, const PluginFigures& figures,
                             Exposition& out) {
  const ProviderStatistics& did = figures.statistics;
  const MetricLabels labels = {{"plugin", plugin}};
  out.counter("capstan_provider_restarts_total", "Restarts of a plugin's process.", labels,
              number(did.restarts));
  out.counter("capstan_provider_crashes_total", "Ends of a plugin's process that nobody asked for.",
              labels, number(did.crashes));
  out.counter("capstan_provider_quarantines_total", "How often a plugin's process ended too often.",
              labels, number(did.quarantines));
  out.gauge("capstan_provider_quarantined", "1 while a plugin is in quarantine.", labels,
            figures.state.name == "Quarantined" ? 1 : 0);
  if (figures.state.isolation == "in-process") return;
  out.gauge("capstan_provider_resident_memory_bytes", "Resident memory of a plugin's process.",
            labels, number(did.resident_bytes));
}

}  // namespace

void describe_controllers(const std::vector<ControllerStatistics>& controllers, Exposition& out) {
  for (const ControllerStatistics& controller : controllers) {
    const MetricLabels queue = {{"controller", controller.controller},
                                {"name", controller.controller}};
    out.gauge("workqueue_depth", "Keys that are ready.", queue, number(controller.depth));
    out.counter("workqueue_adds_total", "Keys that became ready.", queue, number(controller.adds));
    out.counter("workqueue_retries_total", "Keys that came back after a failure or a lost race.",
                queue, number(controller.retries));
    out.histogram("workqueue_queue_duration_seconds",
                  "How long a key was ready before it was taken.", queue, controller.queue_time);

    const MetricLabels labels = {{"controller", controller.controller}};
    describe_results(controller, out);
    out.counter("controller_runtime_reconcile_errors_total", "Reconciles that failed.", labels,
                number(controller.errors));
    out.histogram("controller_runtime_reconcile_time_seconds", "Reconcile and commit.", labels,
                  controller.reconcile_time);
    out.gauge("controller_runtime_active_workers", "Keys in work.", labels,
              number(controller.active));
    out.gauge("controller_runtime_max_concurrent_reconciles", "Keys that may be in work at once.",
              labels, number(controller.concurrency));
    out.counter("capstan_controller_changes_total", "Writes that reconciles asked for.", labels,
                number(controller.changes));
  }
}

void describe_plugins(const std::map<std::string, PluginFigures>& plugins, Exposition& out) {
  for (const auto& [plugin, figures] : plugins) {
    const ProviderStatistics& did = figures.statistics;
    const MetricLabels labels = {{"plugin", plugin}};
    out.counter("capstan_provider_calls_total", "Calls of a plugin.", labels, number(did.calls));
    out.counter("capstan_provider_failures_total", "Calls of a plugin that failed.", labels,
                number(did.failures));
    for (const auto& [code, count] : did.failures_by_code) {
      out.counter("capstan_provider_errors_total", "Calls of a plugin that failed, by status.",
                  {{"plugin", plugin}, {"code", std::string(code_name(code))}}, number(count));
    }
    out.histogram("capstan_provider_call_duration_seconds", "Calls of a plugin.", labels,
                  did.latency);
    out.gauge("capstan_provider_calls_in_flight", "Calls of a plugin that have not returned.",
              labels, number(did.in_flight));
    out.gauge("capstan_provider_queue_depth",
              "Objects of a plugin's kinds that are to be reconciled.", labels,
              number(figures.queued));
    out.gauge("capstan_provider_up", "1 while a plugin can be called.", labels,
              figures.state.name == "Running" ? 1 : 0);
    out.counter("capstan_provider_cpu_seconds_total",
                "CPU time of a plugin's process, or of its calls in this one.", labels,
                did.cpu_seconds);
    describe_plugin_process(plugin, figures, out);
  }
}

void add_server_metrics(RuntimeCore& core, const ProviderRuntime& providers) {
  core.metrics.collect([&core, &providers](Exposition& out) {
    out.gauge("capstan_build_info", "Always 1.", {{"version", CAPSTAN_VERSION}}, 1);
    describe_process(out);
    describe_store(core, out);
    describe_controllers(providers.statistics(), out);
    describe_plugins(providers.plugin_figures(), out);
  });
}

}  // namespace capstan
