// Tries a plugin out in a child process before it is loaded here: a library that crashes, hangs or
// misbehaves when it is loaded or when its instance is made then costs a child and not the host.
// Nothing is activated.
//
// What was found good is remembered by the file's identity, so a start with known files makes no
// child at all.
//
// Thread safety: ProbeCache from one thread; the functions from any.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "runtime/base/result.h"
#include "runtime/plugin/plugin_file.h"

namespace capstan {

struct ProbeOptions {
  std::string program;  // capstan-plugin-host, which calls run_probe; "" tries nothing
  std::chrono::milliseconds timeout = std::chrono::seconds(5);
  int stop = -1;  // a descriptor that becomes readable where the try is to be given up; -1: none
};

// Errors: kInvalid with what the library did ("crashed when it was loaded (signal 11, ...)"),
// kCancelled, kFailedPrecondition (the program cannot be started).
Result<void> probe_plugin(const PluginFile& file, const ProbeOptions& options);

// In the child: tries the file and writes the name of each step to `report` before it is done.
// Gives what is to be written there last.
std::string run_probe(const PluginFile& file, int report);

// Files that were tried out and found good.
class ProbeCache {
 public:
  // `path` "" remembers nothing. A file that cannot be read counts as empty.
  explicit ProbeCache(std::string path);

  bool known_good(const std::string& plugin) const;
  void remember(const std::string& plugin);
  // Writes the file where something was remembered. Best effort: without it files are tried again.
  void save();

 private:
  std::string path_;
  std::map<std::string, std::string> good_;  // path -> identity
  bool changed_ = false;
};

}  // namespace capstan
