// Tries a plugin out in a child process before it is loaded here: a library that crashes, hangs or
// misbehaves when it is loaded or when its instance is made then costs a child and not the host.
// Nothing is activated.
//
// Thread safety: any thread.
#pragma once

#include <chrono>
#include <string>

#include "runtime/base/result.h"
#include "runtime/plugin/plugin_file.h"

namespace capstan {

struct ProbeOptions {
  std::string program;  // capstan-plugin-host, which calls run_probe; "" tries nothing
  std::chrono::milliseconds timeout = std::chrono::seconds(5);
  // Descriptors that become readable where the try is to be given up; -1: none.
  int stop = -1;
  int unwanted = -1;
};

// Errors: kInvalid with what the library did ("crashed when it was loaded (signal 11, ...)"),
// kCancelled, kFailedPrecondition (the program cannot be started).
Result<void> probe_plugin(const PluginFile& file, const ProbeOptions& options);

// In the child: tries the file and writes the name of each step to `report` before it is done.
// Gives what is to be written there last.
std::string run_probe(const PluginFile& file, int report);

}  // namespace capstan
