// The names of a plugin and of its kinds, and those that follow from them in code and files.
//
// Thread safety: values.
//
// Example:
//   const PluginNames plugin = TRY(PluginNames::make("my-cloud", "example.com"));
//   plugin.prefix;                                             // MyCloud
//   TRY(KindNames::make(plugin, "machine", "MyCloudMachine")).group;
//                                                    // infrastructure.cluster.x-k8s.io
#pragma once

#include <map>
#include <string>
#include <vector>

#include "runtime/base/result.h"

namespace capstan::scaffold {

struct PluginNames {
  std::string name;     // my-cloud: of the plugin in config, logs and metrics
  std::string domain;   // example.com
  std::string id;       // com.example.my-cloud
  std::string prefix;   // MyCloud: of its kinds
  std::string package;  // my_cloud_provider: Python package and C++ namespace, no word of either

  // Errors: kInvalid with the rule that the name or the domain breaks.
  static Result<PluginNames> make(const std::string& name, const std::string& domain);
  // The id is the domain backwards and the name. Errors: as above.
  static Result<PluginNames> of_manifest(const std::string& name, const std::string& id);
};

// What a kind is for: cluster, machine, bootstrap, control-plane or resource.
const std::vector<std::string>& kind_types();

struct KindNames {
  std::string type;   // machine
  std::string kind;   // MyCloudMachine
  std::string file;   // my_cloud_machine
  std::string group;  // infrastructure.cluster.x-k8s.io

  // Errors: kInvalid with the rule that the kind breaks.
  static Result<KindNames> make(const PluginNames& plugin, const std::string& type,
                                const std::string& kind);
};

// The kinds that `capstan plugin new --kind ROLE` makes. Precondition: a role of plugin_roles().
std::vector<KindNames> kinds_of_role(const PluginNames& plugin, const std::string& role);
const std::vector<std::string>& plugin_roles();

// What @WORD@ in a template stands for.
using Words = std::map<std::string, std::string>;
Words words_of(const PluginNames& plugin);
Words words_of(const PluginNames& plugin, const KindNames& kind);

}  // namespace capstan::scaffold
