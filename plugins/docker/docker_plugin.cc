#include "plugins/docker/docker_plugin.h"

#include <cstdlib>

#include "plugins/docker/client/call_scope.h"
#include "plugins/docker/client/engine_transport.h"

namespace capstan::docker {

using sdk::Status;

DockerPlugin::DockerPlugin(sdk::Host& host) : DockerPlugin(host, connect_engine) {}

DockerPlugin::DockerPlugin(sdk::Host& host, Connect connect)
    : host_(host),
      connect_(std::move(connect)),
      docker_clusters_("DockerCluster", "", "dockercluster.infrastructure.cluster.x-k8s.io"),
      dev_clusters_("DevCluster", "backend/docker", "devcluster.infrastructure.cluster.x-k8s.io"),
      docker_machines_("DockerMachine", "", "dockermachine.infrastructure.cluster.x-k8s.io"),
      dev_machines_("DevMachine", "backend/docker", "devmachine.infrastructure.cluster.x-k8s.io") {}

void DockerPlugin::connect_handlers(DockerBackend* backend) {
  docker_clusters_.backend = dev_clusters_.backend = backend;
  docker_machines_.backend = dev_machines_.backend = backend;
}

Status DockerPlugin::activate(const sdk::Json& settings) {
  const char* environment = std::getenv("DOCKER_HOST");
  Settings chosen = CAPSTAN_TRY(read_settings(settings, environment == nullptr ? "" : environment));
  auto transport = CAPSTAN_TRY(connect_(chosen.host));
  backend_ = std::make_unique<DockerBackend>(host_, std::move(chosen), std::move(transport));
  connect_handlers(backend_.get());
  return {};
}

void DockerPlugin::deactivate() {
  connect_handlers(nullptr);
  backend_.reset();
}

Status DockerPlugin::reconcile(const sdk::Request& request, sdk::Reply& reply,
                               const sdk::Call& call) {
  const CallScope scope(given_up_with(call, host_.clock()));
  return dispatch(request, reply, call, docker_clusters_, docker_machines_, dev_clusters_,
                  dev_machines_);
}

}  // namespace capstan::docker
