// seccomp: system calls that no provider needs fail with EPERM, for this process and its threads.
//
// Thread safety: once, from the main thread before there are others.
#pragma once

#include "runtime/base/result.h"

namespace capstan::isolation {

struct SyscallRules {
  bool internet_sockets = false;  // the plugin's manifest names hosts, or that it listens
  bool unix_sockets = false;      // the plugin's manifest names paths
};

// Errors: the kernel has no filters, or refused.
Result<void> filter_syscalls(const SyscallRules& rules);

}  // namespace capstan::isolation
