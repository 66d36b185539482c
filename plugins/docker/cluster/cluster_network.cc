#include "plugins/docker/cluster/cluster_network.h"

#include "plugins/docker/labels.h"

namespace capstan::docker {

Status ClusterNetwork::ensure() {
  const std::lock_guard lock(mutex_);
  if (CAPSTAN_TRY(find_network(engine_, name_))) return {};
  return create_network(engine_, name_, {{kNetworkLabel, name_}});
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
