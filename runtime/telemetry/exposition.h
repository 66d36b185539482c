// Metrics as Prometheus reads them: the text format 0.0.4.
//
// Samples may come in any order; the text has each family once, with HELP and TYPE, and families by
// name, as the format wants it.
//
// Thread safety: none.
//
// Example:
//   Exposition out;
//   out.gauge("workqueue_depth", "Keys that are ready.", {{"name", "machine"}}, 3);
//   respond(Exposition::kContentType, out.text());
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/telemetry/metric.h"

namespace capstan {

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

// [a-zA-Z_:][a-zA-Z0-9_:]*
bool is_metric_name(std::string_view name);
// [a-zA-Z_][a-zA-Z0-9_]*, and neither of Prometheus' own: "le", "quantile", "__...".
bool is_label_name(std::string_view name);

class Exposition {
 public:
  static constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";

  // The first type and help of a name count.
  void counter(const std::string& name, std::string_view help, const MetricLabels& labels,
               double value);
  void gauge(const std::string& name, std::string_view help, const MetricLabels& labels,
             double value);
  void histogram(const std::string& name, std::string_view help, const MetricLabels& labels,
                 const HistogramSnapshot& value);

  std::string text() const;

 private:
  struct Family {
    std::string head;  // HELP and TYPE
    std::string samples;
  };
  std::string& samples(const std::string& name, std::string_view help, const char* type);

  std::map<std::string, Family> families_;
};

}  // namespace capstan
