// @KIND@: a server of the cloud, found by the uid of its object.
#pragma once

#include <capstan/infra_machine.h>

#include <algorithm>
#include <optional>
#include <string>

#include "cloud.h"

namespace @PACKAGE@ {

class @KIND@ : public capstan::sdk::InfraMachine {
 public:
  explicit @KIND@(Cloud& cloud)
      : InfraMachine({.kind = "@KIND@",
                      .finalizer = "@LOWER@.@GROUP@"}),
        cloud_(cloud) {}

 protected:
  using Context = capstan::sdk::MachineContext;
  using Instance = capstan::sdk::Instance;

  Expected<std::optional<Instance>> find(const Context& machine) override {
    const auto server = CAPSTAN_TRY(cloud_.find("server", machine.uid()));
    if (!server) return std::optional<Instance>();
    Instance instance;
    instance.provider_id = "@NAME@:///" + server->id;
    instance.addresses = {{"InternalIP", server->address}};
    instance.failure_domain = string_at(server->properties, "zone");
    instance.ready = server->ready;
    instance.reason = server->ready ? "" : "ServerBuilding";
    instance.message = server->ready ? "" : "waiting for server " + server->id;
    instance.status = {{"server", server->id}};
    return std::optional(instance);
  }

  Step<Instance> create(const Context& machine,
                        const capstan::sdk::BootstrapData& data) override {
    const std::string size = string_at(machine.spec(), "size", "small");
    if (std::find(std::begin(kSizes), std::end(kSizes), size) == std::end(kSizes)) {
      // Terminal: no retry helps until the object is changed.
      return Error::invalid("there is no size \"" + size + "\"", "/spec/size");
    }
    // A real cloud is given data.value here; the fake notes how much there was.
    const Thing server = CAPSTAN_TRY(cloud_.create("server", machine.uid(),
                                                   {{"name", machine.machine_name()},
                                                    {"size", size},
                                                    {"zone", machine.failure_domain()},
                                                    {"userDataBytes", data.value.size()}}));
    return InProgress{"ServerBuilding", "waiting for server " + server.id,
                      std::chrono::seconds(1)};
  }

  Step<Done> remove(const Context& machine) override {
    CAPSTAN_TRY(cloud_.remove("server", machine.uid()));
    return Done{};
  }

 private:
  static constexpr const char* kSizes[] = {"small", "medium", "large"};

  Cloud& cloud_;
};

}  // namespace @PACKAGE@
