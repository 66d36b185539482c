// No manifest makes the parser fail but in words, and the questions that the host asks of what it
// accepted have answers.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "runtime/plugin/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto manifest = capstan::parse_manifest({reinterpret_cast<const char*>(data), size});
  if (!manifest.ok()) {
    if (manifest.error().message.empty()) abort();
    return 0;
  }
  if (manifest->id.empty() || manifest->name.empty()) abort();
  for (const capstan::ReconcileEntry& entry : manifest->reconciles) {
    if (!manifest->owns(entry.kind) || !manifest->may_write(entry.kind)) abort();
    if (entry.concurrency <= 0) abort();
  }
  return 0;
}
