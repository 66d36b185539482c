// What a plugin's process takes from itself before it loads the plugin.
//
// Level `process`: the limits of the config. Level `sandbox`: also no new privileges, system calls
// that no provider needs, and files and ports besides those that the manifest asks for.
//
// What this machine cannot enforce is not silently left out: each is one notice for people.
//
// Thread safety: confine_this_process() once, from the main thread, before there are others.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/plugin/manifest.h"
#include "runtime/plugin/plugin_config.h"

namespace capstan::isolation {

struct Confinement {
  bool sandbox = false;
  bool in_cgroup = false;  // which limits memory and processes already
  PluginLimits limits;
  std::vector<std::string> plugin_files;  // the library; the plugin's own folder
  Needs needs;
  // Hosts and paths besides those: where a test's fake is. They open no kind of socket that the
  // manifest's needs do not.
  Needs more_needs;
};

// Members `sandbox`, `cgroup`, `limits` and `moreNeeds` of the host's hello.
Result<Confinement> confinement_from_json(const Json& hello);

// The notices. Errors: a limit or rule that the machine has and refused.
Result<std::vector<std::string>> confine_this_process(const Confinement& confinement);

}  // namespace capstan::isolation
