#include "plugins/docker/cluster/cluster_network.h"

#include "plugins/docker/labels.h"

namespace capstan::docker {

Expected<Network> ClusterNetwork::ensure() {
  const std::lock_guard lock(mutex_);
  if (auto network = CAPSTAN_TRY(find_network(engine_, name_))) return *std::move(network);
  CAPSTAN_TRY(create_network(engine_, name_, {{kNetworkLabel, name_}}));
  if (auto network = CAPSTAN_TRY(find_network(engine_, name_))) return *std::move(network);
  return sdk::Error::unavailable("network " + name_ + " was removed right after it was made");
}

Status ClusterNetwork::remove_unused() {
  const std::lock_guard lock(mutex_);
  const auto network = CAPSTAN_TRY(find_network(engine_, name_));
  if (!network || !network->labels.contains(kNetworkLabel)) return {};
  // Containers that do not run are on it, too, and the engine would not count them.
  if (!CAPSTAN_TRY(list_containers(engine_, {}, name_)).empty()) return {};
  // One that was attached meanwhile keeps it.
  CAPSTAN_TRY(remove_network(engine_, network->id));
  return {};
}

}  // namespace capstan::docker
