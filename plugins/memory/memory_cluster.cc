#include "plugins/memory/memory_cluster.h"

#include "plugins/memory/errors.h"

namespace capstan::memory {

MemoryCluster::MemoryCluster(sdk::Host& host)
    : InfraCluster({.kind = "DevCluster",
                    .finalizer = "devcluster.infrastructure.cluster.x-k8s.io",
                    .contract = sdk::Contract::kV1Beta2,
                    .resync = sdk::Milliseconds::zero()}),
      host_(host) {}

sdk::Step<sdk::Infrastructure> MemoryCluster::create(const sdk::ClusterContext& cluster) {
  std::call_once(ports_known_, [this] { keep_known_ports(); });
  if (const auto given = cluster.given_endpoint()) {
    world_->ports().keep(cluster.uid(), static_cast<uint16_t>(given->port));
    return sdk::Infrastructure{.endpoint = given};
  }
  const Result<uint16_t> port = world_->ports().take(cluster.uid());
  if (!port.ok()) return to_sdk(port.error(), "NoFreePort");
  return sdk::Infrastructure{.endpoint = sdk::Endpoint{loopback_address(cluster.uid()), *port}};
}

sdk::Step<sdk::Done> MemoryCluster::remove(const sdk::ClusterContext& cluster) {
  world_->forget({cluster.ns(), cluster.cluster_name()});
  world_->ports().release(cluster.uid());
  return sdk::Done{};
}

// After a restart a new cluster must not get the port of one that was not looked at yet.
void MemoryCluster::keep_known_ports() {
  const auto stored = host_.objects().list(
      {.api_version = "infrastructure.cluster.x-k8s.io/v1beta2", .kind = "DevCluster"});
  if (!stored.ok()) {
    host_.log().warning("cannot list DevClusters: ports of stored clusters may be taken by others",
                        {{"error", stored.error().summary}});
    return;
  }
  for (const Json& cluster : *stored) {
    const int64_t port = sdk::int_at(cluster, "spec/controlPlaneEndpoint/port");
    if (port > 0 && port < 65536) {
      world_->ports().keep(sdk::string_at(cluster, "metadata/uid"), static_cast<uint16_t>(port));
    }
  }
}

}  // namespace capstan::memory
