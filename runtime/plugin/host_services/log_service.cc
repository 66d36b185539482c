#include "runtime/plugin/host_services/services_tables.h"
#include "runtime/telemetry/trace.h"

namespace capstan::services {
namespace {

spdlog::level::level_enum level_of(int32_t level) {
  switch (level) {
    case CAPSTAN_LOG_DEBUG:
      return spdlog::level::debug;
    case CAPSTAN_LOG_WARNING:
      return spdlog::level::warn;
    case CAPSTAN_LOG_ERROR:
      return spdlog::level::err;
    default:
      return spdlog::level::info;
  }
}

// Control characters would let a message forge further log lines.
std::string printable(void* ctx, capstan_str text) {
  std::string out(view(text).substr(0, 16 * 1024));
  redactor_of(ctx).redact(out);
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return out;
}

void write_line(void* ctx, int32_t level, capstan_str message, capstan_str fields) {
  (void)guarded(ctx, CAPSTAN_EXT_LOG, [&] {
    const auto spd_level = level_of(level);
    if (!spdlog::should_log(spd_level)) return CAPSTAN_OK;
    std::string line = printable(ctx, message);
    if (fields.size > 0) line += " " + printable(ctx, fields);
    if (const auto trace = current_trace_id(); !trace.empty())
      line.append(" trace_id=").append(trace);
    spdlog::log(spd_level, "[{}] {}", options_of(ctx).plugin, line);
    return CAPSTAN_OK;
  });
}

}  // namespace

const capstan_log kLog = {sizeof(capstan_log), &write_line};

}  // namespace capstan::services
