// DockerMachine, and DevMachine with backend.docker: a node in a container.
//
// Thread safety: as InfraMachine.
#pragma once

#include <capstan/infra_machine.h>

#include <optional>
#include <string>

#include "plugins/docker/backend.h"
#include "plugins/docker/machine/node_bootstrap.h"
#include "plugins/docker/machine/node_container.h"

namespace capstan::docker {

class DockerMachines : public sdk::InfraMachine {
 public:
  // `kind`: "DockerMachine". `spec_path`: where in its spec the fields are, "" or "backend/docker".
  DockerMachines(const std::string& kind, std::string spec_path, const std::string& finalizer);

  // Between activate and deactivate.
  DockerBackend* backend = nullptr;

 protected:
  sdk::Expected<std::optional<sdk::Instance>> find(const sdk::MachineContext& machine) override;
  sdk::Step<sdk::Instance> create(const sdk::MachineContext& machine,
                                  const sdk::BootstrapData& data) override;
  sdk::Step<sdk::Done> bootstrap(const sdk::MachineContext& machine, const sdk::Instance& instance,
                                 const sdk::BootstrapData& data) override;
  sdk::Step<sdk::Done> remove(const sdk::MachineContext& machine) override;

 private:
  const Json& spec(const sdk::MachineContext& machine) const;
  sdk::Expected<std::vector<Container>> containers(const sdk::MachineContext& machine);
  sdk::Instance instance_of(const sdk::MachineContext& machine, const Container& container) const;
  // The container, made where it is not there and started.
  sdk::Step<sdk::Done> run_container(const sdk::MachineContext& machine);
  sdk::Expected<std::string> make_container(const NodeContainer& node);
  // Whether a container that was never seen may come to light after the machine is gone.
  sdk::Expected<bool> may_still_appear(const sdk::MachineContext& machine);
  sdk::Step<sdk::Done> start_or_fall_back(const std::string& id);
  sdk::Step<sdk::Done> tell_balancer(const sdk::MachineContext& machine);
  sdk::Expected<NodeBootstrap> node_bootstrap(const sdk::MachineContext& machine,
                                              const sdk::BootstrapData& data) const;

  const std::string spec_path_;
};

}  // namespace capstan::docker
