// DevMachine with backend.inMemory: a pretended machine, its node, and for control planes its etcd
// member and its API server, one after the other with the delays that its spec asks for.
//
// When the machine began to start stands in an annotation, and everything else follows from that
// and the spec: after a restart of Capstan the same machine is what it was before.
//
// Thread safety: as InfraMachine.
#pragma once

#include <capstan/host.h>
#include <capstan/infra_machine.h>

#include "plugins/memory/startup.h"
#include "plugins/memory/world.h"

namespace capstan::memory {

class MemoryMachine final : public sdk::InfraMachine {
 public:
  MemoryMachine(sdk::Host& host, Clock& clock);
  // Lifetime: the world outlives all calls.
  void use(World* world) { world_ = world; }

 protected:
  sdk::Expected<std::optional<sdk::Instance>> find(const sdk::MachineContext& machine) override;
  sdk::Step<sdk::Instance> create(const sdk::MachineContext& machine,
                                  const sdk::BootstrapData& data) override;
  sdk::Step<sdk::Done> remove(const sdk::MachineContext& machine) override;

 private:
  // What is up by now; asks to be called again when the next part is.
  sdk::Expected<sdk::Instance> look(const sdk::MachineContext& machine, Instant begin);
  sdk::Status start_parts(const sdk::MachineContext& machine, const PretendedMachine& pretended,
                          const Startup& startup);
  sdk::Status start_etcd(const sdk::MachineContext& machine, const PretendedMachine& pretended,
                         PretendedCluster& cluster, Instant since);
  sdk::Status start_api_server(const sdk::MachineContext& machine,
                               const PretendedMachine& pretended, PretendedCluster& cluster,
                               Instant since);
  sdk::Expected<KeyPair> authority(const sdk::MachineContext& machine, const char* suffix);
  // True where the time has come.
  bool is_due(const sdk::MachineContext& machine, Instant time);

  sdk::Host& host_;
  Clock& clock_;
  World* world_ = nullptr;
};

}  // namespace capstan::memory
