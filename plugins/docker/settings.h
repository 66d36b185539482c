// What an operator sets under the plugin's `settings` in Capstan's config.
//
// Thread safety: a value.
#pragma once

#include <capstan/json.h>

#include <string>

namespace capstan::docker {

// Whether containers get all of the host's rights. kAuto tries it and falls back to the list of
// capabilities that a node needs where the engine is not allowed to give all.
enum class PrivilegedMode { kAuto, kAlways, kNever };

struct Settings {
  std::string host = "unix:///var/run/docker.sock";
  std::string network = "capstan";
  std::string node_image = {};  // "{version}" stands for the Machine's; "" looks for the usual ones
  std::string load_balancer_image = "capstan/load-balancer:v1";
  std::string bind_address = "127.0.0.1";  // where ports 6443 are published on this host
  PrivilegedMode privileged = PrivilegedMode::kAuto;
};

// `docker_host`: of the environment, "" where unset; counts where the settings name no host.
// Errors: kInvalid with the setting's path.
sdk::Expected<Settings> read_settings(const sdk::Json& settings, const std::string& docker_host);

}  // namespace capstan::docker
