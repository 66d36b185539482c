// What a process holds, by /proc/self: to see what a plugin leaves behind.
//
// Thread safety: pure reads.
#pragma once

#include <string>
#include <vector>

namespace capstan::conformance {

struct ProcessState {
  size_t threads = 0;
  std::vector<std::string> files;  // targets of open descriptors, without the kit's own reading
  long resident_kilobytes = 0;

  static ProcessState now();
};

// "1 more thread; open: socket:[123]": what `after` holds beyond `before`; "" where nothing.
std::string left_behind(const ProcessState& before, const ProcessState& after);

}  // namespace capstan::conformance
