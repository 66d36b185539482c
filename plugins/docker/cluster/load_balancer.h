// The container before a cluster's API servers: made once, told of every control-plane machine that
// comes or goes.
//
// Thread safety: all members from any thread; one update at a time, so that the last one written is
// made from the newest list of machines. Lifetime: engine and puller outlive it.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "plugins/docker/client/containers.h"
#include "plugins/docker/client/image_puller.h"
#include "plugins/docker/cluster/haproxy_config.h"
#include "plugins/docker/settings.h"

namespace capstan::docker {

struct LoadBalancerSpec {
  std::string uid = {};  // of the infrastructure cluster
  std::string ns = {};
  std::string cluster = {};
  std::string image = {};
  std::optional<std::string> custom_template = {};
  // Where it was before, or where the user wants it: a new one gets this address where the network
  // has it. "" leaves the choice to the engine.
  std::string address = {};
};

class LoadBalancers {
 public:
  LoadBalancers(Engine& engine, ImagePuller& puller, const Settings& settings)
      : engine_(engine), puller_(puller), settings_(settings) {}

  // The running container with its configuration, found by the cluster's uid or made.
  // Errors: kConflict where another container has its name.
  sdk::Step<Container> ensure(const LoadBalancerSpec& spec);

  // Writes the configuration anew from the control-plane machines that exist, but for the one with
  // the uid `leaving`. Returns false where the cluster has no running balancer.
  sdk::Expected<bool> update(const std::string& ns, const std::string& cluster,
                             const std::string& leaving = "");

  // Also of one that was never seen: it may still be made for a request whose answer was lost.
  sdk::Step<sdk::Done> remove(const LoadBalancerSpec& spec);

 private:
  sdk::Step<Container> make(const LoadBalancerSpec& spec);
  sdk::Expected<std::optional<Container>> of_cluster(const std::string& ns,
                                                     const std::string& cluster);
  sdk::Expected<std::vector<Backend>> backends(const std::string& ns, const std::string& cluster,
                                               const std::string& leaving);
  Status configure(const Container& balancer, const std::string& leaving);
  Json container_config(const LoadBalancerSpec& spec, bool fixed_address) const;

  Engine& engine_;
  ImagePuller& puller_;
  const Settings& settings_;
  std::mutex mutex_;
  std::map<std::string, std::string> written_;    // configuration by container id
  std::map<std::string, std::string> templates_;  // users' own, by the cluster's uid
};

}  // namespace capstan::docker
