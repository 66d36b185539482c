// What a server's metrics say of one plugin, for `capstan plugin list`.
//
// Thread safety: values.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "runtime/base/json.h"
#include "runtime/telemetry/exposition_reader.h"

namespace capstan::cli {

struct PluginUsage {
  uint64_t calls = 0;
  std::map<std::string, double> errors;  // status -> calls that ended so
  std::optional<double> p50, p99;        // seconds of a call at most, by the histogram's bounds
  uint64_t in_flight = 0;
  uint64_t queued = 0;
  uint64_t crashes = 0;
  uint64_t restarts = 0;
  uint64_t quarantines = 0;
  double cpu_seconds = 0;
  std::optional<uint64_t> resident_bytes;  // of a process of its own

  // Nothing where the metrics know no such plugin: it does not run.
  static std::optional<PluginUsage> of(const ExpositionReader& metrics, const std::string& plugin);
  Json to_json() const;
};

// "1.5Mi", "412Ki".
std::string bytes_text(uint64_t bytes);
// "<=1ms", "<=0.5s", ">60s": a bound of the latency histogram.
std::string bound_text(double seconds);
// "3.21s".
std::string seconds_text(double seconds);

}  // namespace capstan::cli
