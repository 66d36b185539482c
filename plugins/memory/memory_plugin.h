// The memory provider: clusters that only pretend, and yet answer as clusters do.
#pragma once

#include <capstan/plugin.h>

#include <memory>

#include "plugins/memory/memory_cluster.h"
#include "plugins/memory/memory_machine.h"
#include "plugins/memory/world.h"

namespace capstan::memory {

// The host's time as the runtime's parts want it.
class HostClock final : public Clock {
 public:
  explicit HostClock(const sdk::Host& host) : host_(host) {}
  Instant now() const override { return Instant(Duration(host_.clock().unix_nanos())); }
  MonotonicTime monotonic() const override {
    return MonotonicTime(Duration(host_.clock().monotonic_nanos()));
  }

 private:
  const sdk::Host& host_;
};

class MemoryPlugin {
 public:
  explicit MemoryPlugin(sdk::Host& host);

  sdk::Status activate(const Json& settings);
  void deactivate();
  sdk::Status reconcile(const sdk::Request& request, sdk::Reply& reply, const sdk::Call& call);

 private:
  HostClock clock_;
  SystemRandom random_;
  MemoryCluster clusters_;
  MemoryMachine machines_;
  std::unique_ptr<World> world_;
};

}  // namespace capstan::memory
