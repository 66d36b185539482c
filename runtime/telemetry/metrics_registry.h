// All metrics of a program. Whoever counts something asks it for a counter, gauge or histogram once
// and keeps the pointer; what is known anyway (the length of a queue, an object count) is told by a
// collector when somebody looks.
//
// The program makes one and hands it out; there is no global one.
//
// Thread safety: all members from any thread; a collector is called by whoever calls text().
// Lifetime: pointers are valid as long as the registry; what a collector uses lives until the last
// text().
//
// Example:
//   MetricsRegistry metrics;
//   Counter* commits = TRY(metrics.counter("capstan_store_commits_total", "Commits."));
//   commits->add();
//   metrics.collect([&](Exposition& out) { out.gauge("uptime_seconds", "...", {}, uptime()); });
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/telemetry/exposition.h"
#include "runtime/telemetry/metric.h"

namespace capstan {

struct MetricsRegistryOptions {
  // Combinations of a name and labels. A bound, as names and labels may come from plugins.
  size_t max_series = 20'000;
};

class MetricsRegistry {
 public:
  using Collector = std::function<void(Exposition&)>;

  explicit MetricsRegistry(MetricsRegistryOptions options = {}) : options_(options) {}

  // The same name and labels (in whatever order) give the same metric.
  // Errors: kInvalid (a name or label name that Prometheus does not take), kAlreadyExists (the name
  // is of another type), kResourceExhausted (max_series).
  Result<Counter*> counter(const std::string& name, const std::string& help,
                           MetricLabels labels = {});
  Result<Gauge*> gauge(const std::string& name, const std::string& help, MetricLabels labels = {});
  // For a new name: `bounds`; they are those of the name then.
  Result<Histogram*> histogram(const std::string& name, const std::string& help,
                               MetricLabels labels = {},
                               std::span<const double> bounds = kLatencyBounds);

  void collect(Collector collector);

  // Everything, in Exposition's format.
  std::string text() const;

 private:
  using Metric =
      std::variant<std::unique_ptr<Counter>, std::unique_ptr<Gauge>, std::unique_ptr<Histogram>>;
  struct Family {
    MetricType type;
    std::string help;
    std::vector<double> bounds;  // of a histogram
    std::map<MetricLabels, Metric> series;
  };
  // The place of a metric, new or old. Called with mutex_ held.
  Result<Metric*> place(MetricType type, const std::string& name, const std::string& help,
                        MetricLabels labels, std::span<const double> bounds);
  template <typename T>
  Result<T*> find_or_make(MetricType type, const std::string& name, const std::string& help,
                          MetricLabels labels, std::span<const double> bounds);

  const MetricsRegistryOptions options_;
  mutable std::mutex mutex_;
  std::map<std::string, Family> families_;
  size_t series_ = 0;
  std::vector<Collector> collectors_;
};

}  // namespace capstan
