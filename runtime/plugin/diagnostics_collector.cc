#include "runtime/plugin/diagnostics_collector.h"

namespace capstan {
namespace {

constexpr size_t kMaxDiagnostics = 100;
constexpr size_t kMaxText = 16 * 1024;
// The size in ABI 1.0; it only grows.
constexpr uint32_t kFirstSize = offsetof(capstan_diagnostic, terminal) + sizeof(int32_t);

std::string bounded(capstan_str text) {
  return std::string(abi_view(text).substr(0, kMaxText));
}

}  // namespace

void DiagnosticsCollector::add(void* out, const capstan_diagnostic* diagnostic) noexcept {
  auto& list = *static_cast<std::vector<ProviderDiagnostic>*>(out);
  if (diagnostic == nullptr || diagnostic->struct_size < kFirstSize ||
      list.size() >= kMaxDiagnostics) {
    return;
  }
  try {
    ProviderDiagnostic kept;
    kept.warning = diagnostic->severity == CAPSTAN_SEVERITY_WARNING;
    kept.summary = bounded(diagnostic->summary);
    kept.detail = bounded(diagnostic->detail);
    kept.field = bounded(diagnostic->field);
    if (diagnostic->retry_after_ms >= 0) {
      kept.retry_after = std::chrono::milliseconds(diagnostic->retry_after_ms);
    }
    kept.terminal = diagnostic->terminal != 0;
    list.push_back(std::move(kept));
  } catch (...) {
    // No memory for a diagnostic: the status alone must do.
  }
}

}  // namespace capstan
