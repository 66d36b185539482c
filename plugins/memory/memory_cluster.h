// DevCluster with backend.inMemory: a loopback address and a port for the cluster's API server.
//
// Thread safety: as InfraCluster.
#pragma once

#include <capstan/host.h>
#include <capstan/infra_cluster.h>

#include "plugins/memory/world.h"

namespace capstan::memory {

class MemoryCluster final : public sdk::InfraCluster {
 public:
  explicit MemoryCluster(sdk::Host& host);
  // Lifetime: the world outlives all calls.
  void use(World* world) { world_ = world; }

 protected:
  sdk::Step<sdk::Infrastructure> create(const sdk::ClusterContext& cluster) override;
  sdk::Step<sdk::Done> remove(const sdk::ClusterContext& cluster) override;

 private:
  void keep_known_ports();

  sdk::Host& host_;
  World* world_ = nullptr;
  std::once_flag ports_known_;
};

}  // namespace capstan::memory
