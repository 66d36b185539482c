// All pretended clusters, on one event loop.
//
// Thread safety: all members from any thread but the event loop's.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "plugins/memory/ports.h"
#include "plugins/memory/pretended_cluster.h"

namespace capstan::memory {

class World {
 public:
  // Errors: kInvalid where the embedded kinds cannot be read.
  static Result<std::unique_ptr<World>> create(Clock& clock, Random& random);
  ~World();

  // The cluster, made where it is not known yet: what it shows comes with its machines.
  Result<std::shared_ptr<PretendedCluster>> cluster(const ClusterId& id);
  // Null where it is not known.
  std::shared_ptr<PretendedCluster> find(const ClusterId& id) const;
  void forget(const ClusterId& id);
  Ports& ports() { return ports_; }

 private:
  static constexpr int kWorkers = 2;

  World(Clock& clock, Random& random);
  // Returns when all work that was given to the loop's workers before has ended.
  void drain_workers();

  Clock& clock_;
  Random& random_;
  KindRegistry kinds_;
  const std::shared_ptr<SchemaCache> schemas_ = std::make_shared<SchemaCache>();
  Ports ports_;
  mutable std::mutex mutex_;
  std::map<ClusterId, std::shared_ptr<PretendedCluster>> clusters_;
  std::mutex draining_;
  std::unique_ptr<EventLoop> loop_;
};

}  // namespace capstan::memory
