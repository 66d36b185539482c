// One plugin in the host's config.
//
//   plugins:
//     - docker                       # bundled, no settings
//     - name: hetzner
//       settings: {region: fsn1}
//       secrets: {token: "env:HCLOUD_TOKEN"}
//     - name: acme
//       file: /opt/acme/acme.so
//       enabled: false
//
// Thread safety: values.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace capstan {

struct PluginConfig {
  std::string name;  // the manifest's name; names the bundled library where `file` is ""
  std::string file;  // path of the library
  bool enabled = true;
  Json settings = Json::object();              // given to activate
  std::map<std::string, std::string> secrets;  // name -> "env:NAME" or "file:PATH"
  // "" leaves it to the host: in-process for bundled plugins, process for others.
  std::string isolation;  // "in-process" or "process"

  std::string record;  // file that every call is written to (recording/recorder.h), "" for none

  Json written = Json::object();  // the item as it was written, without its name

  // Errors: kInvalid; the field is named below `at` ("plugins[2]").
  static Result<PluginConfig> from_json(const Json& json, const std::string& at);
};

// The config's list `plugins`. Errors: kInvalid also where a name stands twice.
Result<std::vector<PluginConfig>> parse_plugin_configs(const Json& list);

}  // namespace capstan
