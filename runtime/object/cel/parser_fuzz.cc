// Feeds arbitrary text to the CEL parser and runs what parses: neither may crash or hang.
#include <cstddef>
#include <cstdint>

#include "runtime/object/cel/cel.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto program = capstan::cel::Program::compile(text, {"self"});
  if (!program.ok()) return 0;
  static const capstan::Json kSelf = {{"a", 1}, {"b", {"x", "y"}}, {"c", {{"d", "1h"}}}};
  capstan::cel::Budget budget{10000};
  (void)program->run_condition({{"self", &kSelf}}, budget);
  return 0;
}
