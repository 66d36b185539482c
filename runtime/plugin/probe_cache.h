// Which plugin files were tried out and found good, by their identity, so that a start with known
// files makes no child at all; and what is being tried out ahead of its use.
//
// Thread safety: one thread.
//
//   ProbeCache cache("/var/lib/capstan/plugins.probed");
//   cache.begin(file, probe);                 // goes on beside what the caller does now
//   TRY(cache.try_out(file, probe));          // and is waited for here
//   cache.save();
#pragma once

#include <future>
#include <map>
#include <string>

#include "runtime/base/result.h"
#include "runtime/plugin/plugin_file.h"
#include "runtime/plugin/probe.h"
#include "runtime/system/file_descriptor.h"

namespace capstan {

class ProbeCache {
 public:
  // `path` "" remembers nothing. A file that cannot be read counts as empty.
  explicit ProbeCache(std::string path);
  ~ProbeCache();  // gives up what was begun and not asked about
  ProbeCache(const ProbeCache&) = delete;

  // Tries the file out in the background; nothing where it is known as good, or where there can be
  // no thread for it.
  void begin(const PluginFile& file, const ProbeOptions& options);
  // Success at once where the file is known as good; else what trying it out shows, or began to.
  // Errors: those of probe_plugin.
  Result<void> try_out(const PluginFile& file, const ProbeOptions& options);

  bool known_good(const std::string& plugin) const;
  // Writes the file where something was found good. Best effort: without it files are tried again.
  void save();

 private:
  struct Begun {
    std::string identity;  // of the file that is being tried out
    std::string digest;    // of what was read of it
    std::future<Result<void>> result;
  };

  const std::string path_;
  const FileDescriptor unwanted_;            // an eventfd: nobody wants what was begun any more
  std::map<std::string, std::string> good_;  // path -> identity
  std::map<std::string, Begun> begun_;       // by path
  bool changed_ = false;
};

}  // namespace capstan
