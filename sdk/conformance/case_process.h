// Runs a function in a process of its own: a crash, a hang and the memory of what it calls cost
// that process only.
//
// Thread safety: forks, so call it from a process without threads.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "sdk/conformance/case.h"

namespace capstan::conformance {

struct ProcessResult {
  Finding finding;     // a crash or a hang is a failure that says so
  std::string output;  // the last of what it wrote to stdout and stderr
  std::chrono::milliseconds took{0};
};

// At the timeout the process and all that it started are killed.
ProcessResult run_in_process(const std::function<Finding()>& body,
                             std::chrono::milliseconds timeout);

}  // namespace capstan::conformance
