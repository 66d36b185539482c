// The verbs of `capstan plugin`, one file each, and what several of them share.
//
// Thread safety: none.
#pragma once

#include <string>

#include "runtime/base/json.h"
#include "runtime/cli/command.h"
#include "runtime/server/server_config.h"
#include "runtime/trust/trust_policy.h"

namespace capstan::cli {

// One file each.
void add_plugin_new(CLI::App& plugin, Program& program);  // and `add kind`
void add_plugin_pack(CLI::App& plugin, Program& program);
void add_plugin_install(CLI::App& plugin, Program& program);
void add_plugin_remove(CLI::App& plugin, Program& program);
void add_plugin_list(CLI::App& plugin, Program& program);
void add_plugin_inspect(CLI::App& plugin, Program& program);
void add_plugin_verify(CLI::App& plugin, Program& program);
void add_plugin_sign(CLI::App& plugin, Program& program);
void add_plugin_keygen(CLI::App& plugin, Program& program);
void add_plugin_doctor(CLI::App& plugin, Program& program);
void add_plugin_test(CLI::App& plugin, Program& program);
void add_plugin_replay(CLI::App& plugin, Program& program);
// enable, disable, reload: the plugins of a running server.
void add_plugin_state_verbs(CLI::App& plugin, Program& program);

// Where the server's config and data are: --config, --data-dir.
struct HostFlags {
  std::string config;
  std::string data_dir;
};
void add_host_flags(CLI::App& command, HostFlags& flags);

// The config that the server would have with these flags; its data directory is always set.
Result<ServerConfig> host_config(const HostFlags& flags);

// What a file has to show: the config's section `trust`, or what is said for once.
struct TrustFlags {
  std::string require;  // "signed", "digest", "none"; "" leaves it to the config
  std::string key;      // a publisher's public key, trusted for this command alone
};
void add_trust_flags(CLI::App& command, TrustFlags& flags);

// `publisher`: whom the key of the flags is of.
Result<TrustPolicy> trust_policy(TrustConfig config, const TrustFlags& flags,
                                 const std::string& publisher);

// "" where the file or package has no readable signature.
std::string publisher_of(const std::string& path);

void add_output_flag(CLI::App& command, std::string& output);  // -o json|yaml
std::string formatted(const Json& value, const std::string& output);

}  // namespace capstan::cli
