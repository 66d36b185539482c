#include <algorithm>

#include "runtime/plugin/host_services/services_tables.h"

namespace capstan::services {
namespace {

// Prometheus' names have no '-' and no '.'.
std::string metric_name(const std::string& plugin, std::string_view name) {
  std::string out = "capstan_plugin_" + plugin + "_" + std::string(name);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return !isalnum(static_cast<unsigned char>(c)); }, '_');
  return out;
}

uint32_t define(void* ctx, int32_t type, capstan_str name, capstan_str help, capstan_str labels) {
  uint32_t handle = 0;
  (void)guarded(ctx, CAPSTAN_EXT_METRICS, [&]() -> capstan_status {
    if (type < CAPSTAN_METRIC_COUNTER || type > CAPSTAN_METRIC_HISTOGRAM) return CAPSTAN_INVALID;
    std::map<std::string, std::string> parsed;
    if (labels.size > 0) {
      const auto json = parse_json(view(labels));
      if (!json.ok() || !json->is_object()) return CAPSTAN_INVALID;
      for (const auto& [key, value] : json->items()) {
        parsed[key] = value.is_string() ? value.get<std::string>() : dump_json(value);
      }
    }
    const HostServicesOptions& options = options_of(ctx);
    handle = options.metrics->define(static_cast<MetricType>(type),
                                     metric_name(options.plugin, view(name)), string(help), parsed);
    return CAPSTAN_OK;
  });
  return handle;
}

void record(void* ctx, uint32_t handle, double value) {
  if (handle != 0) options_of(ctx).metrics->record(handle, value);
}

}  // namespace

const capstan_metrics kMetrics = {sizeof(capstan_metrics), &define, &record};

}  // namespace capstan::services
