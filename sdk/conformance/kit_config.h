// conformance.yaml: what the author of a plugin tells the kit. All members may be absent.
//
//   settings: {endpoint: "http://127.0.0.1:8080"}   # given to activate
//   secrets: {token: abc}         # by name; others get a made-up value that is searched for in
//   logs samples:                      # by kind: merged over the smallest object that the schema
//   allows
//     AcmeMachine: {spec: {size: small}}
//   invalid:                      # by kind: objects that are to be refused for good
//     AcmeMachine: {spec: {size: nothing}}
//   objects:                      # stored before anything else
//     - {apiVersion: v1, kind: ConfigMap, metadata: {name: images}, data: {}}
//   neverReady: [AcmeMachine]     # kinds that do not become ready without their world
//   world:
//     start: ./fake-acme --folder @WORLD@    # runs during each case; ready once it wrote a line
//     digest: cat @WORLD@/servers            # what exists outside, the same text for the same
//     world
//   skip:
//     - {case: "semantics-.*", reason: needs an account}
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

namespace capstan::conformance {

struct Skip {
  std::string pattern;  // of the case's whole id, ECMAScript
  std::string reason;
};

struct KitConfig {
  Json settings = Json::object();
  std::map<std::string, std::string> secrets;
  std::map<std::string, Json> samples;
  std::map<std::string, Json> invalid;
  std::vector<Json> objects;
  std::set<std::string> never_ready;
  std::string world_start;
  std::string world_digest;
  std::vector<Skip> skips;
  std::chrono::milliseconds settle = std::chrono::seconds(10);
  std::chrono::milliseconds timeout = std::chrono::seconds(60);
};

// Errors: kInvalid with the member that is wrong or unknown.
Result<KitConfig> parse_kit_config(const Json& json);
// `path` "" looks for NAME.conformance.yaml and conformance.yaml beside the plugin and gives the
// defaults where neither is there. Errors: those of reading and of parse_kit_config.
Result<KitConfig> read_kit_config(const std::string& path, const std::string& plugin_file);

// The text with @WORLD@ replaced.
std::string in_world(std::string text, const std::string& folder);
Json in_world(const Json& value, const std::string& folder);

}  // namespace capstan::conformance
