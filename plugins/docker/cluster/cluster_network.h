// The network that clusters share: made when the first needs it, removed with the last. One that
// somebody else made is used and kept.
//
// Thread safety: from any thread. Lifetime: the engine outlives it.
#pragma once

#include <mutex>
#include <string>

#include "plugins/docker/client/networks.h"

namespace capstan::docker {

class ClusterNetwork {
 public:
  ClusterNetwork(Engine& engine, std::string name) : engine_(engine), name_(std::move(name)) {}

  // The network as the engine has it.
  Expected<Network> ensure();
  // Where no container is left on it and we made it.
  Status remove_unused();

 private:
  Engine& engine_;
  const std::string name_;
  std::mutex mutex_;
};

}  // namespace capstan::docker
