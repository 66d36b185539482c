// Where plugins come from: packages that are installed, the files of the plugin directories, and
// those that objects name; verified, judged, tried out once, and made into providers.
//
// Thread safety: one thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/package/plugin_store.h"
#include "runtime/plugin/plugin_loader.h"
#include "runtime/plugin/plugin_reader.h"
#include "runtime/plugin/probe_cache.h"
#include "runtime/server/plugin_objects.h"

namespace capstan {

class PluginSources {
 public:
  // `data_dir` has the installed packages, and the file that remembers which files were tried out.
  // `stop`: see probe_plugin.
  PluginSources(std::vector<std::string> directories, const std::string& data_dir,
                TrustPolicy trust, const Clock& clock, int stop = -1);

  // Names of the plugins that are installed or lie in the directories, sorted.
  std::vector<std::string> bundled() const;
  // What is known of a plugin that was looked at; null where it was not, or cannot be read.
  const Manifest* manifest(const std::string& name) const;
  // The same where its file is the one that was read then; null where that is not certain.
  const Manifest* unchanged(const PluginConfig& config) const;
  // All of them, by name.
  const std::map<std::string, Manifest>& manifests() const { return manifests_; }

  // Reads and judges the file without running any of it; the reading where it was not read yet, or
  // has changed since, or has been loaded.
  // Errors: what is wrong with the file, or that there is none, with what there is.
  Result<PluginFile> read(const PluginConfig& config);
  // Begins to try out what load() will run in this process, beside the rest of the start. What
  // cannot be read is reported by load().
  void try_ahead(const PluginConfig& config);
  // A provider of the file that read() has just given, not active yet; the report gets what is
  // known of the file. `options` has the ports and how plugins are isolated.
  Result<std::shared_ptr<Provider>> load(const PluginConfig& config, PluginFile file,
                                         LoaderOptions options, PluginReport& report);
  // What was read and not loaded is read anew where it is wanted again.
  void forget_read() { reader_.forget_all(); }

 private:
  std::string path_of(const PluginConfig& config) const;
  bool is_bundled(const std::string& path) const;
  Result<ProbeOptions> probe() const;
  Result<TrustPolicy> policy() const;
  std::map<std::string, std::string> find_all() const;

  const std::vector<std::string> directories_;
  const PluginStore store_;
  const TrustPolicy trust_;
  const Clock& clock_;
  std::map<std::string, Manifest> manifests_;
  struct Source {
    std::string path;
    std::string identity;  // of the file at that time
  };
  std::map<std::string, Source> read_;  // where the last read() of a plugin was from
  PluginReader reader_;
  ProbeCache probed_;
  const int stop_;
};

}  // namespace capstan
