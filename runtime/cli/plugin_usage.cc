#include "runtime/cli/plugin_usage.h"

#include <cmath>
#include <cstdio>

namespace capstan::cli {
namespace {

std::string printed(const char* format, double number) {
  char text[48];
  std::snprintf(text, sizeof text, format, number);
  return text;
}

}  // namespace

std::optional<PluginUsage> PluginUsage::of(const ExpositionReader& metrics,
                                           const std::string& plugin) {
  const ExpositionReader::Labels labels = {{"plugin", plugin}};
  const auto read = [&](const char* name) { return metrics.value(name, labels); };
  const auto count = [&](const char* name) {
    return static_cast<uint64_t>(read(name).value_or(0));
  };
  if (!read("capstan_provider_calls_total")) return {};
  PluginUsage usage;
  usage.calls = count("capstan_provider_calls_total");
  usage.errors = metrics.by_label("capstan_provider_errors_total", labels, "code");
  usage.p50 = metrics.quantile("capstan_provider_call_duration_seconds", labels, 0.5);
  usage.p99 = metrics.quantile("capstan_provider_call_duration_seconds", labels, 0.99);
  usage.in_flight = count("capstan_provider_calls_in_flight");
  usage.queued = count("capstan_provider_queue_depth");
  usage.crashes = count("capstan_provider_crashes_total");
  usage.restarts = count("capstan_provider_restarts_total");
  usage.quarantines = count("capstan_provider_quarantines_total");
  usage.cpu_seconds = read("capstan_provider_cpu_seconds_total").value_or(0);
  if (read("capstan_provider_resident_memory_bytes")) {
    usage.resident_bytes = count("capstan_provider_resident_memory_bytes");
  }
  return usage;
}

Json PluginUsage::to_json() const {
  Json out = {{"calls", calls},           {"inFlight", in_flight}, {"queued", queued},
              {"crashes", crashes},       {"restarts", restarts},  {"quarantines", quarantines},
              {"cpuSeconds", cpu_seconds}};
  out["errors"] = Json::object();
  for (const auto& [code, number] : errors) out["errors"][code] = static_cast<uint64_t>(number);
  // JSON has no infinity: beyond the last bound nothing is known.
  if (p50 && std::isfinite(*p50)) out["p50SecondsAtMost"] = *p50;
  if (p99 && std::isfinite(*p99)) out["p99SecondsAtMost"] = *p99;
  if (resident_bytes) out["residentBytes"] = *resident_bytes;
  return out;
}

std::string bytes_text(uint64_t bytes) {
  const auto number = static_cast<double>(bytes);
  if (bytes >= uint64_t{1} << 30) return printed("%.1fGi", number / (1 << 30));
  if (bytes >= uint64_t{1} << 20) return printed("%.1fMi", number / (1 << 20));
  return std::to_string(bytes >> 10) + "Ki";
}

std::string bound_text(double seconds) {
  if (std::isinf(seconds)) return ">60s";
  if (seconds < 0.001) return printed("<=%gus", std::round(seconds * 1e6));
  if (seconds < 0.5) return printed("<=%gms", std::round(seconds * 1e3));
  return printed("<=%gs", seconds);
}

std::string seconds_text(double seconds) {
  return printed("%.2fs", seconds);
}

}  // namespace capstan::cli
