// One plugin in the host's config.
//
//   plugins:
//     - docker                       # bundled, no settings
//     - name: hetzner
//       settings: {region: fsn1}
//       secrets: {token: "env:HCLOUD_TOKEN"}
//     - name: acme
//       file: /opt/acme/acme.so
//       isolation: sandbox
//       limits: {memory: 512Mi, cpuSeconds: 600, openFiles: 256, processes: 64}
//       restart: {delay: 1s, longestDelay: 5m, crashes: 5, window: 10m, quarantine: 30m, grace: 2s}
//       enabled: false
//
// Thread safety: values.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace capstan {

// What the process of an isolated plugin may use; 0: no limit.
struct PluginLimits {
  uint64_t memory_bytes = 0;
  uint64_t cpu_seconds = 0;  // of one life of the process
  uint64_t open_files = 0;
  uint64_t processes = 0;  // and threads

  bool operator==(const PluginLimits&) const = default;
  bool any() const { return *this != PluginLimits{}; }
  // {"memory":"512Mi","cpuSeconds":600,"openFiles":256,"processes":64}. Errors: as below.
  static Result<PluginLimits> from_json(const Json& json, const std::string& at);
};

// When the process of an isolated plugin is started again after it ended by itself.
struct PluginRestart {
  Duration first_delay = std::chrono::seconds(1);  // doubled with each end, up to the longest
  Duration longest_delay = std::chrono::minutes(5);
  size_t crashes = 5;  // so many within the window: quarantine
  Duration window = std::chrono::minutes(10);
  Duration quarantine = std::chrono::minutes(30);  // 0: until a person says so
  // How long a call may go on after its deadline before the process is ended, and SIGTERM may take.
  Duration grace = std::chrono::seconds(2);

  bool operator==(const PluginRestart&) const = default;
  // The members delay, longestDelay, crashes, window, quarantine, grace. Errors: as below.
  static Result<PluginRestart> from_json(const Json& json, const std::string& at);
};

struct PluginConfig {
  std::string name;  // the manifest's name; names the bundled library where `file` is ""
  std::string file;  // path of the library
  bool enabled = true;
  Json settings = Json::object();              // given to activate
  std::map<std::string, std::string> secrets;  // name -> "env:NAME" or "file:PATH"
  // "" leaves it to the host: in-process for bundled plugins, process for others.
  std::string isolation;  // "in-process", "process" or "sandbox"
  PluginLimits limits;    // of its process
  PluginRestart restart;  // of its process

  std::string record;  // file that every call is written to (recording/recorder.h), "" for none

  Json written = Json::object();  // the item as it was written, without its name

  // Errors: kInvalid; the field is named below `at` ("plugins[2]").
  static Result<PluginConfig> from_json(const Json& json, const std::string& at);
};

// The config's list `plugins`. Errors: kInvalid also where a name stands twice.
Result<std::vector<PluginConfig>> parse_plugin_configs(const Json& list);

}  // namespace capstan
