// Where plugins come from: the files of the plugin directories and those that objects name; read,
// judged, tried out once, and made into providers.
//
// Thread safety: one thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/plugin/plugin_loader.h"
#include "runtime/plugin/probe.h"
#include "runtime/server/plugin_objects.h"

namespace capstan {

class PluginSources {
 public:
  // `probed`: the file that remembers which files were tried out; "" for none.
  PluginSources(std::vector<std::string> directories, const std::string& probed);

  // Names of the plugins that lie in the directories, sorted.
  std::vector<std::string> bundled() const;
  // What is known of a plugin that was looked at; null where it was not, or cannot be read.
  const Manifest* manifest(const std::string& name) const;
  // All of them, by name.
  const std::map<std::string, Manifest>& manifests() const { return manifests_; }

  // Reads and judges the file without running any of it.
  // Errors: what is wrong with the file, or that there is none, with what there is.
  Result<PluginFile> read(const PluginConfig& config);
  // A provider that is not active yet; the report gets what is known of its file. `options` has the
  // ports and how plugins are isolated.
  Result<std::shared_ptr<Provider>> load(const PluginConfig& config, LoaderOptions options,
                                         PluginReport& report);

 private:
  std::string path_of(const PluginConfig& config) const;

  const std::vector<std::string> directories_;
  std::map<std::string, std::string> bundled_;  // name -> path
  std::map<std::string, Manifest> manifests_;
  ProbeCache probed_;
};

}  // namespace capstan
