// Collects what a plugin reports through capstan_diagnostics, within bounds.
//
// Thread safety: one call, one thread. Lifetime: the vector outlives it.
#pragma once

#include <string_view>
#include <vector>

#include "runtime/plugin/provider_port.h"
#include "sdk/include/capstan/abi.h"

namespace capstan {

class DiagnosticsCollector {
 public:
  explicit DiagnosticsCollector(std::vector<ProviderDiagnostic>& out)
      : table_{sizeof(capstan_diagnostics), &out, &add} {}
  DiagnosticsCollector(const DiagnosticsCollector&) = delete;
  const capstan_diagnostics* table() const { return &table_; }

 private:
  static void add(void* out, const capstan_diagnostic* diagnostic) noexcept;
  const capstan_diagnostics table_;
};

inline std::string_view abi_view(capstan_str text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}
inline capstan_str abi_str(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace capstan
