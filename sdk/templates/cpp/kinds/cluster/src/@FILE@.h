// @KIND@: the network of a cluster, its endpoint and its failure domains.
#pragma once

#include <capstan/infra_cluster.h>

#include <optional>

#include "cloud.h"

namespace @PACKAGE@ {

class @KIND@ : public capstan::sdk::InfraCluster {
 public:
  explicit @KIND@(Cloud& cloud)
      : InfraCluster({.kind = "@KIND@",
                      .finalizer = "@LOWER@.@GROUP@"}),
        cloud_(cloud) {}

 protected:
  using Context = capstan::sdk::ClusterContext;
  using Infrastructure = capstan::sdk::Infrastructure;

  Expected<std::optional<Infrastructure>> find(const Context& cluster) override {
    const auto network = CAPSTAN_TRY(cloud_.find("network", cluster.uid()));
    if (!network || !network->ready) return std::optional<Infrastructure>();
    Infrastructure found;
    found.endpoint = capstan::sdk::Endpoint{network->address, 6443};
    found.failure_domains = {{"a", true, {}}, {"b", true, {}}};
    found.status = {{"network", network->id}};
    return std::optional(found);
  }

  Step<Infrastructure> create(const Context& cluster) override {
    const std::string cidr = string_at(cluster.spec(), "cidr", "10.0.0.0/16");
    if (cidr.find('/') == std::string::npos) {
      // Terminal: no retry helps until the object is changed.
      return Error::invalid("\"" + cidr + "\" is no network", "/spec/cidr");
    }
    const Thing network = CAPSTAN_TRY(
        cloud_.create("network", cluster.uid(), {{"name", cluster.name()}, {"cidr", cidr}}));
    return InProgress{"NetworkBuilding", "waiting for network " + network.id,
                      std::chrono::seconds(1)};
  }

  Step<Done> remove(const Context& cluster) override {
    CAPSTAN_TRY(cloud_.remove("network", cluster.uid()));
    return Done{};
  }

 private:
  Cloud& cloud_;
};

}  // namespace @PACKAGE@
