#include "runtime/plugin/provider_port.h"

#include <algorithm>

namespace capstan {

Error ProviderReply::error(std::string_view provider) const {
  Error error{status, "", {}, {}};
  for (const ProviderDiagnostic& diagnostic : diagnostics) {
    if (diagnostic.warning) continue;
    if (error.message.empty()) {
      error.message = diagnostic.summary;
      if (!diagnostic.detail.empty()) error.message += ". " + diagnostic.detail;
      error.retry_after = diagnostic.retry_after;
    }
    if (!diagnostic.field.empty()) {
      error.fields.push_back({diagnostic.field, "FieldValueInvalid", diagnostic.summary});
    }
  }
  if (error.message.empty()) {
    error.message = "plugin \"" + std::string(provider) + "\" failed with status " +
                    std::string(code_name(status)) + " and said nothing more";
  }
  return error;
}

ProviderStatistics& ProviderStatistics::operator+=(const ProviderStatistics& other) {
  calls += other.calls;
  failures += other.failures;
  latency += other.latency;
  restarts += other.restarts;
  crashes += other.crashes;
  quarantines += other.quarantines;
  for (const auto& [code, count] : other.failures_by_code) failures_by_code[code] += count;
  cpu_seconds += other.cpu_seconds;
  in_flight += other.in_flight;
  resident_bytes += other.resident_bytes;
  return *this;
}

std::string ProviderReply::reason() const {
  for (const ProviderDiagnostic& diagnostic : diagnostics) {
    if (!diagnostic.warning && !diagnostic.reason.empty()) return diagnostic.reason;
  }
  return "ReconcileFailed";
}

bool ProviderReply::terminal() const {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [](const ProviderDiagnostic& d) { return d.terminal && !d.warning; });
}

}  // namespace capstan
