// conformance.yaml: what the author of a plugin tells the kit. All members may be absent.
//
//   settings: {endpoint: "http://127.0.0.1:8080"}   # given to activate
//   secrets: {token: abc}         # by name; others get a made-up value
//   samples:                      # by kind: merged over the smallest object of the schema
//     AcmeMachine: {spec: {size: small}}
//   invalid:                      # by kind: objects that are to be refused for good
//     AcmeMachine: {spec: {size: nothing}}
//   objects:                      # stored before anything else
//     - {apiVersion: v1, kind: ConfigMap, metadata: {name: images}, data: {}}
//   machineVersion: v1.34.2       # of the Machines that own the plugin's objects
//   neverReady: [AcmeMachine]     # kinds that do not become ready without their world
//   world:
//     start: ./fake-acme --folder @WORLD@  # runs during each case; ready once it wrote a line
//     needs: {hosts: ["127.0.0.1:8080"]}   # in the sandbox besides the manifest's; also paths
//     digest: cat @WORLD@/servers          # what exists outside: the same text, the same world
//   skip:
//     - {case: "semantics-.*", reason: needs an account}   # `mode: sandbox`: only there
//   settleSeconds: 10             # how long an object may take to come to rest
//   timeoutSeconds: 60            # how long a case may take
//
// @WORLD@ in settings, secrets and commands stands for a folder that each case has for itself.
//
// Thread safety: values.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/plugin/manifest.h"

namespace capstan::conformance {

struct Skip {
  std::string pattern;  // of the case's whole id, ECMAScript
  std::string reason;
  std::string mode = {};  // "": in every mode
};

struct KitConfig {
  Json settings = Json::object();
  std::map<std::string, std::string> secrets;
  std::map<std::string, Json> samples;
  std::map<std::string, Json> invalid;
  std::vector<Json> objects;
  std::string machine_version = "v1.34.2";
  std::set<std::string> never_ready;
  std::string world_start;
  std::string world_digest;
  Needs world_needs;  // hosts and paths
  std::vector<Skip> skips;
  std::chrono::milliseconds settle = std::chrono::seconds(10);
  std::chrono::milliseconds timeout = std::chrono::seconds(60);
};

// Errors: kInvalid with the member that is wrong or unknown.
Result<KitConfig> parse_kit_config(const Json& json);
// `path` "" looks for conformance.yaml in the plugin's folder where it is one, then for
// NAME.conformance.yaml and conformance.yaml beside it, and gives the defaults where none is there.
// Errors: those of reading and of parse_kit_config.
Result<KitConfig> read_kit_config(const std::string& path, const std::string& plugin_file);

// The text with @WORLD@ replaced.
std::string in_world(std::string text, const std::string& folder);
Json in_world(const Json& value, const std::string& folder);

}  // namespace capstan::conformance
