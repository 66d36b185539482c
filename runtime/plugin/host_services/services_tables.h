// Internal to host_services: the tables, one file each, and what their functions share.
#pragma once

#include <spdlog/spdlog.h>

#include <string>
#include <string_view>

#include "runtime/plugin/host_services/host_services.h"
#include "sdk/include/capstan/ext/services.h"

namespace capstan::services {

extern const capstan_log kLog;
extern const capstan_clock kClock;
extern const capstan_metrics kMetrics;
extern const capstan_secrets kSecrets;
extern const capstan_objects kObjects;
extern const capstan_events kEvents;
extern const capstan_wake kWake;
extern const capstan_workload kWorkload;
extern const capstan_pki kPki;

inline const HostServicesOptions& options_of(void* ctx) {
  return static_cast<HostServices*>(ctx)->options();
}
inline SecretRedactor& redactor_of(void* ctx) {
  return static_cast<HostServices*>(ctx)->redactor();
}
// A plugin's text may be null where its size is 0.
inline std::string_view view(capstan_str text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}
inline std::string string(capstan_str text) {
  return std::string(view(text));
}

inline void write(const capstan_sink* sink, std::string_view bytes) {
  if (CAPSTAN_HAS(sink, write)) sink->write(sink->ctx, {bytes.data(), bytes.size()});
}

// Gives the error's code and tells the plugin its message.
inline capstan_status refuse(const Error& error, const capstan_diagnostics* diagnostics) {
  if (CAPSTAN_HAS(diagnostics, add)) {
    capstan_diagnostic diagnostic{};
    diagnostic.struct_size = sizeof(diagnostic);
    diagnostic.severity = CAPSTAN_SEVERITY_ERROR;
    diagnostic.summary = {error.message.data(), error.message.size()};
    diagnostic.retry_after_ms = error.retry_after ? error.retry_after->count() : -1;
    diagnostics->add(diagnostics->ctx, &diagnostic);
  }
  return static_cast<capstan_status>(error.code);
}

// No exception leaves the host either.
template <typename Body>
capstan_status guarded(void* ctx, const char* service, Body&& body) noexcept {
  try {
    return body();
  } catch (const std::exception& error) {
    spdlog::error("[{}] host service {} failed: {}", options_of(ctx).plugin, service, error.what());
  } catch (...) {
    spdlog::error("[{}] host service {} failed", options_of(ctx).plugin, service);
  }
  return CAPSTAN_INTERNAL;
}

}  // namespace capstan::services
