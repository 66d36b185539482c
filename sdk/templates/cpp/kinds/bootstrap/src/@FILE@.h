// @KIND@: the cloud-config that makes a machine a node. The token that it joins with is the
// cloud's, found by the uid of the config and revoked with it.
#pragma once

#include <capstan/bootstrap_config.h>

#include <string>

#include "cloud.h"

namespace @PACKAGE@ {

class @KIND@ : public capstan::sdk::BootstrapConfig {
 public:
  explicit @KIND@(Cloud& cloud)
      : BootstrapConfig({.kind = "@KIND@",
                         .finalizer = "@LOWER@.@GROUP@"}),
        cloud_(cloud) {}

 protected:
  using Context = capstan::sdk::BootstrapContext;

  Step<capstan::sdk::BootstrapData> data(const Context& config) override {
    if (config.endpoint().empty()) {
      return InProgress{"WaitingForControlPlaneEndpoint",
                        "waiting for Cluster spec.controlPlaneEndpoint"};
    }
    const auto token = CAPSTAN_TRY(cloud_.find("token", config.uid()));
    if (!token) CAPSTAN_TRY(cloud_.create("token", config.uid(), {{"name", config.name()}}));
    if (!token || !token->ready) {
      return InProgress{"TokenRequested", "waiting for a token to join with",
                        std::chrono::seconds(1)};
    }
    return capstan::sdk::BootstrapData{.value = cloud_config(config, token->id)};
  }

  Step<Done> remove(const Context& config) override {
    CAPSTAN_TRY(cloud_.remove("token", config.uid()));
    return Done{};
  }

 private:
  static std::string mode(capstan::sdk::BootstrapRole role) {
    if (role == capstan::sdk::BootstrapRole::kInit) return "init";
    return role == capstan::sdk::BootstrapRole::kControlPlane ? "control-plane" : "worker";
  }

  // A text in JSON's quotes is one of YAML as well.
  static std::string line(const std::string& command) {
    return "  - " + capstan::sdk::dump_json(command) + "\n";
  }

  static std::string cloud_config(const Context& config, const std::string& token) {
    std::string text = "#cloud-config\nruncmd:\n";
    const Json commands = config.spec().value("preCommands", Json::array());
    for (const Json& command : commands) text += line(command.get<std::string>());
    text += line("join-node --mode " + mode(config.role()) + " --server https://" +
                 config.endpoint() + " --version " + config.version() + " --token " + token);
    // Cluster API's sign that the machine is done.
    text += line("mkdir -p /run/cluster-api");
    text += line("echo success > /run/cluster-api/bootstrap-success.complete");
    return text;
  }

  Cloud& cloud_;
};

}  // namespace @PACKAGE@
