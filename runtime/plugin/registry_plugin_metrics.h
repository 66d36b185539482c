// Where plugins' metrics go: the program's registry.
//
// A plugin that is disabled and enabled again counts on where it stopped.
//
// Thread safety: any thread; record() takes no lock. Lifetime: the registry outlives it, it
// outlives all plugins.
//
// Example:
//   RegistryPluginMetrics metrics(registry);
//   LoaderOptions options{.ports = {.clock = clock, .metrics = &metrics}};
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <variant>

#include "runtime/plugin/host_services/host_services.h"
#include "runtime/telemetry/metrics_registry.h"

namespace capstan {

class RegistryPluginMetrics final : public PluginMetrics {
 public:
  // Of all plugins together.
  static constexpr size_t kMaxHandles = 4096;

  explicit RegistryPluginMetrics(MetricsRegistry& registry) : registry_(registry) {}

  // Why a metric cannot be defined is logged: plugins only see that there is none.
  uint32_t define(MetricType type, const std::string& name, const std::string& help,
                  const std::map<std::string, std::string>& labels) override;
  void record(uint32_t handle, double value) override;

 private:
  using Metric = std::variant<Counter*, Gauge*, Histogram*>;
  Result<Metric> find_or_make(MetricType type, const std::string& name, const std::string& help,
                              const std::map<std::string, std::string>& labels);

  MetricsRegistry& registry_;
  std::mutex mutex_;
  std::map<Metric, uint32_t> handles_;
  std::array<Metric, kMaxHandles> metrics_{};
  std::atomic<uint32_t> count_{0};  // metrics_ below it do not change any more
};

}  // namespace capstan
