// What reads as YAML is written so that it reads as the same again.
#include <cstdlib>

#include "runtime/yaml/yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = capstan::parse_yaml_documents(text, {100, 10'000});
  if (!parsed.ok()) return 0;
  for (const capstan::Json& value : *parsed) {
    const std::string written = capstan::dump_yaml(value);
    const auto again = capstan::parse_yaml(written);
    // Bytes that are no UTF-8 do not survive; they become U+FFFD.
    if (!again.ok() || capstan::dump_json(*again) != capstan::dump_json(value)) std::abort();
  }
  return 0;
}
