// Landlock: which files and TCP ports this process may still reach. The kernel's interface by its
// own numbers, since Debian's headers are older than the kernels it runs on; rights that a kernel
// does not know are left out and named.
//
// Thread safety: restrict() once, from the main thread before there are others.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/result.h"

namespace capstan::isolation {

struct LandlockRules {
  std::vector<std::string> read;   // files and folders that may be read; absent ones are skipped
  std::vector<std::string> write;  // may also be changed
  std::vector<uint16_t> connect_ports;
  bool any_port = false;  // connections are not limited
  bool listen = false;    // nor are the ports that are listened on
};

// The kernel's version of Landlock, 0 where it has none or it is switched off.
int landlock_version();

// What of the rules was not enforced goes to the notices. Errors: the kernel refused.
Result<void> landlock_restrict(const LandlockRules& rules, int version,
                               std::vector<std::string>& notices);

}  // namespace capstan::isolation
