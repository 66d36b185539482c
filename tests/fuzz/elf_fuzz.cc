// No bytes make the reader of shared libraries, or the lint that judges them before any of their
// code runs, read outside of the file. Seeds: small shared libraries.
#include <cstdint>
#include <string_view>

#include "runtime/plugin/elf.h"
#include "runtime/plugin/elf_lint.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto elf = capstan::read_elf({reinterpret_cast<const char*>(data), size});
  if (!elf.ok()) return 0;
  for (const capstan::LintFinding& finding : capstan::lint_elf(*elf, "2.36")) {
    (void)finding.text();
  }
  return 0;
}
