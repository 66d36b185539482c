// The docker provider: infrastructure of containers on a Docker Engine. See README.md.
//
// Thread safety: as capstan/plugin.h says: activate and deactivate alone, reconcile from any
// thread.
#pragma once

#include <capstan/plugin.h>

#include <functional>
#include <memory>
#include <string>

#include "plugins/docker/backend.h"
#include "plugins/docker/cluster/cluster.h"
#include "plugins/docker/machine/machine.h"

namespace capstan::docker {

class DockerPlugin {
 public:
  // Opens the way to the engine of that host.
  using Connect =
      std::function<sdk::Expected<std::unique_ptr<EngineTransport>>(const std::string& host)>;

  explicit DockerPlugin(sdk::Host& host);
  // Tests put a pretended engine or a faulty transport behind it.
  DockerPlugin(sdk::Host& host, Connect connect);

  // Contacts no engine: whether it is there, the objects' conditions tell.
  sdk::Status activate(const sdk::Json& settings);
  void deactivate();
  sdk::Status reconcile(const sdk::Request& request, sdk::Reply& reply, const sdk::Call& call);

 private:
  void connect_handlers(DockerBackend* backend);

  sdk::Host& host_;
  const Connect connect_;
  std::unique_ptr<DockerBackend> backend_;
  DockerClusters docker_clusters_;
  DockerClusters dev_clusters_;
  DockerMachines docker_machines_;
  DockerMachines dev_machines_;
};

}  // namespace capstan::docker
