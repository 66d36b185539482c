// What this process, or another one of the same user, uses; from /proc.
//
// Thread safety: free function.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "runtime/base/result.h"

namespace capstan {

struct ProcessUsage {
  double cpu_seconds = 0;  // user and system
  uint64_t resident_bytes = 0;
  uint64_t virtual_bytes = 0;
  uint64_t open_fds = 0;
  uint64_t max_fds = 0;
  uint64_t threads = 0;
  double start_time = 0;  // seconds since 1970
};

// Of the process with that number, 0 for this one. Errors: kUnavailable where /proc cannot be read,
// kNotFound where there is no such process.
Result<ProcessUsage> read_process_usage(pid_t process = 0);

}  // namespace capstan
