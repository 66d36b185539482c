// DockerCluster, and DevCluster with backend.docker: a network and a load balancer.
//
// Thread safety: as InfraCluster.
#pragma once

#include <capstan/infra_cluster.h>

#include <optional>
#include <string>

#include "plugins/docker/backend.h"

namespace capstan::docker {

class DockerClusters : public sdk::InfraCluster {
 public:
  // `kind`: "DockerCluster". `spec_path`: where in its spec the fields are, "" or "backend/docker".
  DockerClusters(const std::string& kind, std::string spec_path, const std::string& finalizer);

  // Between activate and deactivate.
  DockerBackend* backend = nullptr;

 protected:
  sdk::Step<sdk::Infrastructure> create(const sdk::ClusterContext& cluster) override;
  sdk::Step<sdk::Done> remove(const sdk::ClusterContext& cluster) override;

 private:
  const Json& spec(const sdk::ClusterContext& cluster) const;
  std::string balancer_image(const sdk::ClusterContext& cluster) const;
  sdk::Expected<std::optional<std::string>> custom_template(
      const sdk::ClusterContext& cluster) const;
  // Errors: kFailedPrecondition where pods or services would have the nodes' addresses, until there
  // are nodes. The condition NetworkAvailable tells either way.
  sdk::Status check_addresses(const sdk::ClusterContext& cluster, const Network& network) const;
  sdk::Infrastructure infrastructure(const sdk::ClusterContext& cluster,
                                     const Container& balancer) const;

  const std::string spec_path_;
};

}  // namespace capstan::docker
