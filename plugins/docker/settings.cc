#include "plugins/docker/settings.h"

namespace capstan::docker {

using sdk::Error;
using sdk::string_at;

sdk::Expected<Settings> read_settings(const sdk::Json& settings, const std::string& docker_host) {
  Settings out;
  out.host = string_at(settings, "host", docker_host.empty() ? out.host : docker_host);
  out.network = string_at(settings, "network", out.network);
  out.node_image = string_at(settings, "nodeImage");
  out.load_balancer_image = string_at(settings, "loadBalancerImage", out.load_balancer_image);
  out.bind_address = string_at(settings, "bindAddress", out.bind_address);
  if (out.network.empty()) return Error::invalid("network: expected a name", "/network");
  const std::string privileged = string_at(settings, "privileged", "auto");
  if (privileged == "always") {
    out.privileged = PrivilegedMode::kAlways;
  } else if (privileged == "never") {
    out.privileged = PrivilegedMode::kNever;
  } else if (privileged != "auto") {
    return Error::invalid("privileged: \"" + privileged + "\" is none of auto, always, never",
                          "/privileged");
  }
  return out;
}

}  // namespace capstan::docker
