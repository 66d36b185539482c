// capstan plugin: what its verbs share, and the list of them.
#include "runtime/cli/plugin/plugin_command.h"

#include <CLI/CLI.hpp>

#include "runtime/cli/data_dir.h"
#include "runtime/package/package.h"
#include "runtime/system/file.h"
#include "runtime/yaml/yaml.h"

namespace capstan::cli {

void add_plugin(CLI::App& app, Program& program) {
  CLI::App* plugin = app.add_subcommand("plugin", "Make, check, install, run and remove plugins");
  plugin->require_subcommand(1);
  plugin->footer(R"(Examples:
  capstan plugin new acme --language cpp --kind infrastructure
  capstan plugin inspect ./acme.so                what a plugin is and needs; runs none of its code
  capstan plugin pack ./acme.so --repo /srv/plugins --sign-key acme.key --publisher acme
  capstan plugin install acme --from /srv/plugins
  capstan plugin reload acme                      start it anew from its file, on the running server
  capstan plugin test ./acme.so --level 10        prove that a plugin keeps the rules
  capstan plugin doctor                           what is amiss, and what to do)");
  for (const auto add :
       {add_plugin_new, add_plugin_pack, add_plugin_install, add_plugin_remove, add_plugin_list,
        add_plugin_inspect, add_plugin_verify, add_plugin_sign, add_plugin_keygen,
        add_plugin_doctor, add_plugin_test, add_plugin_replay, add_plugin_state_verbs}) {
    add(*plugin, program);
  }
}

void add_host_flags(CLI::App& command, HostFlags& flags) {
  command.add_option("--config", flags.config,
                     "The server's config file: its trust, its data directory");
  command.add_option("--data-dir", flags.data_dir,
                     "The server's data directory (default: as `capstan serve` has it)");
}

Result<ServerConfig> host_config(const HostFlags& flags) {
  ServerConfig config;
  if (!flags.config.empty()) {
    config = TRY(ServerConfig::parse(TRY(read_file(flags.config)), flags.config));
  }
  if (!flags.data_dir.empty()) config.data_dir = flags.data_dir;
  if (config.data_dir.empty()) config.data_dir = default_data_dir();
  return config;
}

void add_trust_flags(CLI::App& command, TrustFlags& flags) {
  command
      .add_option("--require", flags.require,
                  "signed, digest or none (default: as the config says, else none)")
      ->check(CLI::IsMember({"signed", "digest", "none"}));
  command.add_option("--key", flags.key,
                     "File of the publisher's public key; a signature by it is then required");
}

Result<TrustPolicy> trust_policy(TrustConfig config, const TrustFlags& flags,
                                 const std::string& publisher) {
  std::string require = flags.require;
  if (!flags.key.empty()) {
    // Nobody else's signature will do.
    config.publishers.clear();
    if (!publisher.empty()) config.publishers.push_back({publisher, flags.key, {}});
    if (require.empty()) require = "signed";
  }
  if (!require.empty()) {
    config.require = TRY(parse_trust_level(require));
    config.directories.clear();
  }
  return TrustPolicy::create(std::move(config));
}

std::string publisher_of(const std::string& path) {
  std::string text;
  if (const auto package = Package::open(path); package.ok()) {
    text = package->signature();
  } else if (auto beside = read_file(path + kSignatureSuffix); beside.ok()) {
    text = *std::move(beside);
  }
  const auto signature = Signature::parse(text);
  return signature.ok() ? signature->publisher : "";
}

void add_output_flag(CLI::App& command, std::string& output) {
  command.add_option("-o,--output", output, "json or yaml (default: for people)")
      ->check(CLI::IsMember({"json", "yaml"}));
}

std::string formatted(const Json& value, const std::string& output) {
  return output == "yaml" ? dump_yaml(value) : value.dump(2) + "\n";
}

}  // namespace capstan::cli
