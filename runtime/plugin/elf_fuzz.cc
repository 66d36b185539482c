// libFuzzer: no bytes crash the ELF reader. Seeds: any shared library.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "runtime/plugin/elf.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)capstan::read_elf({reinterpret_cast<const char*>(data), size});
  return 0;
}
