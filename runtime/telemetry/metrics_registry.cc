#include "runtime/telemetry/metrics_registry.h"

#include <algorithm>

namespace capstan {
namespace {

const char* type_name(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return "counter";
    case MetricType::kGauge:
      return "gauge";
    default:
      return "histogram";
  }
}

Result<void> check_labels(const std::string& name, const MetricLabels& sorted) {
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (!is_label_name(sorted[i].first)) {
      return Error::invalid("metric " + name + ": \"" + sorted[i].first +
                            "\" is no name of a label; it has letters, digits and _");
    }
    if (i > 0 && sorted[i].first == sorted[i - 1].first) {
      return Error::invalid("metric " + name + ": label \"" + sorted[i].first +
                            "\" is there twice");
    }
  }
  return {};
}

}  // namespace

Result<MetricsRegistry::Metric*> MetricsRegistry::place(MetricType type, const std::string& name,
                                                        const std::string& help,
                                                        MetricLabels labels,
                                                        std::span<const double> bounds) {
  std::sort(labels.begin(), labels.end());
  auto family = families_.find(name);
  if (family != families_.end()) {
    if (family->second.type != type) {
      return Error::already_exists("metric " + name + " is a " + type_name(family->second.type) +
                                   ", not a " + type_name(type));
    }
    const auto series = family->second.series.find(labels);
    if (series != family->second.series.end()) return &series->second;
  }
  if (!is_metric_name(name)) {
    return Error::invalid("\"" + name + "\" is no name of a metric; it has letters, digits and _");
  }
  TRY(check_labels(name, labels));
  if (series_ >= options_.max_series) {
    return Error{Code::kResourceExhausted,
                 "metric " + name + ": there are " + std::to_string(series_) +
                     " combinations of names and labels already; give labels few values",
                 {},
                 {}};
  }
  if (family == families_.end()) {
    family = families_.emplace(name, Family{type, help, {bounds.begin(), bounds.end()}, {}}).first;
  }
  ++series_;
  return &family->second.series[std::move(labels)];
}

template <typename T>
Result<T*> MetricsRegistry::find_or_make(MetricType type, const std::string& name,
                                         const std::string& help, MetricLabels labels,
                                         std::span<const double> bounds) {
  const std::scoped_lock lock(mutex_);
  Metric* metric = TRY(place(type, name, help, std::move(labels), bounds));
  if (!std::holds_alternative<std::unique_ptr<T>>(*metric) ||
      std::get<std::unique_ptr<T>>(*metric) == nullptr) {
    if constexpr (std::is_same_v<T, Histogram>) {
      *metric = std::make_unique<T>(families_.at(name).bounds);
    } else {
      *metric = std::make_unique<T>();
    }
  }
  return std::get<std::unique_ptr<T>>(*metric).get();
}

Result<Counter*> MetricsRegistry::counter(const std::string& name, const std::string& help,
                                          MetricLabels labels) {
  return find_or_make<Counter>(MetricType::kCounter, name, help, std::move(labels), {});
}

Result<Gauge*> MetricsRegistry::gauge(const std::string& name, const std::string& help,
                                      MetricLabels labels) {
  return find_or_make<Gauge>(MetricType::kGauge, name, help, std::move(labels), {});
}

Result<Histogram*> MetricsRegistry::histogram(const std::string& name, const std::string& help,
                                              MetricLabels labels, std::span<const double> bounds) {
  return find_or_make<Histogram>(MetricType::kHistogram, name, help, std::move(labels), bounds);
}

void MetricsRegistry::collect(Collector collector) {
  const std::scoped_lock lock(mutex_);
  collectors_.push_back(std::move(collector));
}

std::string MetricsRegistry::text() const {
  Exposition out;
  std::vector<Collector> collectors;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [name, family] : families_) {
      for (const auto& [labels, metric] : family.series) {
        if (const auto* counter = std::get_if<std::unique_ptr<Counter>>(&metric)) {
          out.counter(name, family.help, labels, (*counter)->value());
        } else if (const auto* gauge = std::get_if<std::unique_ptr<Gauge>>(&metric)) {
          out.gauge(name, family.help, labels, (*gauge)->value());
        } else {
          out.histogram(name, family.help, labels,
                        std::get<std::unique_ptr<Histogram>>(metric)->snapshot());
        }
      }
    }
    collectors = collectors_;
  }
  // Without the lock: a collector may take locks of its own, or ask for a metric.
  for (const Collector& collector : collectors) collector(out);
  return out.text();
}

}  // namespace capstan
