// No address makes the parser of request targets fail but in words.
#include "runtime/api/request_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto target = capstan::parse_request_target(text);
  if (target.ok()) (void)capstan::parse_resource_path(target->path);
  return 0;
}
