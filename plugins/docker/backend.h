// What clusters and machines of one plugin share: the engine and what is known about it.
//
// Thread safety: from any thread. Lifetime: from activate to deactivate.
#pragma once

#include <capstan/host.h>

#include <atomic>
#include <memory>
#include <utility>

#include "plugins/docker/client/engine.h"
#include "plugins/docker/client/image_puller.h"
#include "plugins/docker/cluster/cluster_network.h"
#include "plugins/docker/cluster/load_balancer.h"
#include "plugins/docker/settings.h"

namespace capstan::docker {

class DockerBackend {
 public:
  DockerBackend(sdk::Host& host_services, Settings chosen,
                std::unique_ptr<EngineTransport> engine_transport)
      : host(host_services),
        settings(std::move(chosen)),
        transport(std::move(engine_transport)),
        engine(*transport),
        puller(engine, [this] { return host.clock().monotonic_nanos(); }),
        network(engine, settings.network),
        balancers(engine, puller, settings),
        privileged(settings.privileged != PrivilegedMode::kNever) {}

  sdk::Host& host;
  const Settings settings;
  const std::unique_ptr<EngineTransport> transport;
  Engine engine;
  ImagePuller puller;
  ClusterNetwork network;
  LoadBalancers balancers;
  // Cleared once the engine turned out not to be allowed to start privileged containers.
  std::atomic<bool> privileged;
};

}  // namespace capstan::docker
