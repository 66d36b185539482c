// What `capstan serve` is told: by flags, and by a YAML file.
//
//   listen: 127.0.0.1:6443
//   serverNames: [capstan.example.com, 192.0.2.7]
//   api: {maxConnections: 20000}
//   dataDir: /var/lib/capstan
//   logLevel: info              # debug, info, warning, error
//   tokenFile: /etc/capstan/tokens.csv
//   pluginDirectory: /usr/lib/capstan/plugins
//   plugins:                    # absent: all that are in the plugin directory
//     - docker
//     - name: hetzner
//       file: /opt/acme/hetzner.so
//       settings: {region: fsn1}
//       secrets: {token: "env:HCLOUD_TOKEN"}
//   trust: {require: digest}    # docs/packaging.md
//   telemetry: {traces: /var/log/capstan/traces.jsonl}
//
// Thread safety: values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/plugin/plugin_config.h"
#include "runtime/trust/trust_config.h"

namespace capstan {

struct ListenAddress {
  std::string host = "127.0.0.1";
  uint16_t port = 6443;  // 0 takes a free one
  // "HOST:PORT", "[::1]:6443", ":6443". Errors: kInvalid.
  static Result<ListenAddress> parse(std::string_view text);
};

struct ServerConfig {
  ListenAddress listen;
  // DNS names and addresses that clients use, besides those that are always in the certificate.
  std::vector<std::string> server_names;
  size_t max_connections = 20'000;
  std::string data_dir;
  std::string log_level = "info";
  std::string token_file;
  std::vector<std::string> plugin_directories;
  // Nothing: every bundled plugin. An empty list: none.
  std::optional<std::vector<PluginConfig>> plugins;
  TrustConfig trust;
  std::string trace_file;  // where spans are written, "" for nowhere

  // Errors: kInvalid naming the file, the field, what was expected; unknown fields are errors.
  static Result<ServerConfig> parse(std::string_view yaml, const std::string& file);
};

}  // namespace capstan
