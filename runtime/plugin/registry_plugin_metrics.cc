#include "runtime/plugin/registry_plugin_metrics.h"

#include <spdlog/spdlog.h>

namespace capstan {

Result<RegistryPluginMetrics::Metric> RegistryPluginMetrics::find_or_make(
    MetricType type, const std::string& name, const std::string& help,
    const std::map<std::string, std::string>& labels) {
  MetricLabels list(labels.begin(), labels.end());
  switch (type) {
    case MetricType::kCounter:
      return Metric(TRY(registry_.counter(name, help, std::move(list))));
    case MetricType::kGauge:
      return Metric(TRY(registry_.gauge(name, help, std::move(list))));
    default:
      return Metric(TRY(registry_.histogram(name, help, std::move(list))));
  }
}

uint32_t RegistryPluginMetrics::define(MetricType type, const std::string& name,
                                       const std::string& help,
                                       const std::map<std::string, std::string>& labels) {
  const Result<Metric> metric = find_or_make(type, name, help, labels);
  if (!metric.ok()) {
    spdlog::warn("a plugin's metric is left out: {}", metric.error().message);
    return 0;
  }
  const std::scoped_lock lock(mutex_);
  if (const auto known = handles_.find(*metric); known != handles_.end()) return known->second;
  const uint32_t count = count_.load(std::memory_order_relaxed);
  if (count == kMaxHandles) {
    spdlog::warn("a plugin's metric is left out: {} are defined already", count);
    return 0;
  }
  metrics_[count] = *metric;
  count_.store(count + 1, std::memory_order_release);
  handles_[*metric] = count + 1;
  return count + 1;
}

void RegistryPluginMetrics::record(uint32_t handle, double value) {
  // A handle that was never given out is a plugin's mistake, and nothing to crash for.
  if (handle == 0 || handle > count_.load(std::memory_order_acquire)) return;
  const Metric& metric = metrics_[handle - 1];
  if (Counter* const* counter = std::get_if<Counter*>(&metric)) {
    (*counter)->add(value);
  } else if (Gauge* const* gauge = std::get_if<Gauge*>(&metric)) {
    (*gauge)->set(value);
  } else {
    std::get<Histogram*>(metric)->observe(value);
  }
}

}  // namespace capstan
