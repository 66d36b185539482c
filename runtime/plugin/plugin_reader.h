// Reads plugin files, each once from the first look at it until it is loaded: a manifest is large,
// and a start looks at it for many reasons. What was read counts while the file is the same one;
// whether it is trusted is decided anew at each opening.
//
// Thread safety: one thread.
//
//   PluginReader reader;
//   const auto seen = reader.read(path);                           // what it would bring
//   PluginFile file = TRY(reader.open(path, policy, clock.now()));  // judged, and not read again
//   reader.forget(path);                                           // the next look reads it anew
#pragma once

#include <map>
#include <string>

#include "runtime/plugin/plugin_file.h"

namespace capstan {

class PluginReader {
 public:
  // As read_plugin_file and open_plugin_file, and keeps it.
  Result<PluginFile> read(const std::string& path);
  Result<PluginFile> open(const std::string& path, const TrustPolicy& trust, Instant now);

  void forget(const std::string& path) { kept_.erase(path); }
  void forget_all() { kept_.clear(); }

 private:
  struct Kept {
    std::string identity;  // of the file before it was read
    PluginFile file;
  };
  const PluginFile* unchanged(const std::string& path, const std::string& identity) const;
  void keep(const std::string& path, const std::string& identity, const Result<PluginFile>& file);

  std::map<std::string, Kept> kept_;  // by path
};

}  // namespace capstan
