#include "plugins/docker/cluster/cluster.h"

#include "plugins/docker/cluster/address_range.h"

namespace capstan::docker {
namespace {

using sdk::bool_at;
using sdk::ClusterContext;
using sdk::Code;
using sdk::Done;
using sdk::Endpoint;
using sdk::Error;
using sdk::Expected;
using sdk::FailureDomain;
using sdk::find_at;
using sdk::Infrastructure;
using sdk::Step;
using sdk::string_at;

constexpr const char* kLoadBalancerAvailable = "LoadBalancerAvailable";
constexpr const char* kNetworkAvailable = "NetworkAvailable";
constexpr const char* kAddressesOverlap = "AddressesOverlap";

FailureDomain domain_of(const std::string& name, const Json& entry) {
  FailureDomain out{name, bool_at(entry, "controlPlane"), {}};
  const Json* attributes = find_at(entry, "attributes");
  if (attributes == nullptr || !attributes->is_object()) return out;
  for (const auto& [key, value] : attributes->items()) {
    if (value.is_string()) out.attributes[key] = value.get<std::string>();
  }
  return out;
}

std::vector<FailureDomain> domains_of(const Json& spec) {
  std::vector<FailureDomain> out;
  const Json* domains = find_at(spec, "failureDomains");
  if (domains == nullptr || !domains->is_array()) return out;
  for (const Json& entry : *domains) out.push_back(domain_of(string_at(entry, "name"), entry));
  return out;
}

// Which range of the Cluster's meets one of the network's, and what to do; "" where none does.
std::string overlap_of(const ClusterContext& cluster, const Network& network) {
  if (cluster.cluster() == nullptr) return "";
  for (const char* who : {"pods", "services"}) {
    const std::string path = "spec/clusterNetwork/" + std::string(who) + "/cidrBlocks";
    const Json* blocks = find_at(*cluster.cluster(), path);
    if (blocks == nullptr || !blocks->is_array()) continue;
    for (const Json& block : *blocks) {
      const std::string text = block.is_string() ? block.get<std::string>() : "";
      const auto range = AddressRange::parse(text);
      for (const std::string& subnet : network.subnets) {
        const auto nodes = AddressRange::parse(subnet);
        if (!range || !nodes || !range->overlaps(*nodes)) continue;
        return "the Docker network \"" + network.name + "\" has " + subnet +
               ", which overlaps the Cluster's " + who + " (" + text +
               "): they would take the nodes' addresses. Give spec.clusterNetwork." + who +
               ".cidrBlocks another range, or name another network in the docker plugin's "
               "setting `network`";
      }
    }
  }
  return "";
}

void balancer_condition(const ClusterContext& cluster, const char* status, std::string reason,
                        std::string message) {
  cluster.reply().condition(
      {kLoadBalancerAvailable, status, std::move(reason), std::move(message)});
}

}  // namespace

DockerClusters::DockerClusters(const std::string& kind, std::string spec_path,
                               const std::string& finalizer)
    : InfraCluster({.kind = kind, .finalizer = finalizer}), spec_path_(std::move(spec_path)) {}

const Json& DockerClusters::spec(const ClusterContext& cluster) const {
  static const Json kEmpty = Json::object();
  const Json* found = find_at(cluster.spec(), spec_path_);
  return found == nullptr ? kEmpty : *found;
}

std::string DockerClusters::balancer_image(const ClusterContext& cluster) const {
  const std::string& standard = backend->settings.load_balancer_image;
  const size_t tag = standard.rfind(':');
  const bool tagged = tag != std::string::npos && standard.find('/', tag) == std::string::npos;
  const std::string standard_repository = tagged ? standard.substr(0, tag) : standard;
  const std::string repository = string_at(spec(cluster), "loadBalancer/imageRepository");
  const std::string version = string_at(spec(cluster), "loadBalancer/imageTag");
  if (repository.empty() && version.empty()) return standard;
  // Cluster API's name of the image's last part.
  const std::string image = repository.empty() ? standard_repository : repository + "/haproxy";
  if (!version.empty()) return image + ":" + version;
  return image + (tagged ? standard.substr(tag) : ":latest");
}

Expected<std::optional<std::string>> DockerClusters::custom_template(
    const ClusterContext& cluster) const {
  const std::string name =
      string_at(spec(cluster), "loadBalancer/customHAProxyConfigTemplateRef/name");
  if (name.empty()) return std::optional<std::string>();
  auto map = backend->host.objects().get("v1", "ConfigMap", cluster.ns(), name);
  if (!map.ok()) return std::move(map).error().with_reason("TemplateNotFound");
  const std::string text = string_at(*map, "data/value");
  if (text.empty()) {
    return Error::failed_precondition("ConfigMap " + cluster.ns() + "/" + name +
                                      " has no `value` with the load balancer's template")
        .with_reason("TemplateNotFound");
  }
  return std::optional(text);
}

Infrastructure DockerClusters::infrastructure(const ClusterContext& cluster,
                                              const Container& balancer) const {
  const std::string address = balancer.address(backend->settings.network);
  const auto given = cluster.given_endpoint();
  if (given && given->host != address) {
    balancer_condition(cluster, "False", "AddressDiffers",
                       "container " + balancer.name + " has address " + address +
                           ", spec.controlPlaneEndpoint.host is " + given->host);
  } else {
    balancer_condition(cluster, "True", "LoadBalancerAvailable", "");
  }
  return {.endpoint = Endpoint{address, kApiServerPort},
          .failure_domains = domains_of(spec(cluster))};
}

// A network that was there before has the addresses that its maker chose, and ours cannot know what
// the next Cluster gives to its pods.
Status DockerClusters::check_addresses(const ClusterContext& cluster,
                                       const Network& network) const {
  const std::string overlap = overlap_of(cluster, network);
  if (overlap.empty()) {
    cluster.reply().condition({kNetworkAvailable, "True", "NetworkAvailable", ""});
    return {};
  }
  cluster.reply().condition({kNetworkAvailable, "False", kAddressesOverlap, overlap});
  // What runs is left to run: nobody is served by a cluster that is no longer looked after.
  if (bool_at(cluster.status(), "initialization/provisioned")) return {};
  return Error::failed_precondition(overlap)
      .with_reason(kAddressesOverlap)
      .with_retry_after(std::chrono::minutes(1));
}

Step<Infrastructure> DockerClusters::create(const ClusterContext& cluster) {
  const Network network = CAPSTAN_TRY(backend->network.ensure());
  CAPSTAN_TRY(check_addresses(cluster, network));
  auto custom = CAPSTAN_TRY(custom_template(cluster));
  const auto given = cluster.given_endpoint();
  auto balancer = backend->balancers.ensure({cluster.uid(), cluster.ns(), cluster.cluster_name(),
                                             balancer_image(cluster), std::move(custom),
                                             given ? given->host : ""});
  if (balancer.failed()) {
    balancer_condition(
        cluster, "False",
        balancer.error().reason.empty() ? "LoadBalancerFailed" : balancer.error().reason,
        balancer.error().summary);
    return balancer.error();
  }
  if (balancer.in_progress()) {
    balancer_condition(cluster, "False", balancer.wait().reason, balancer.wait().message);
    return balancer.wait();
  }
  return infrastructure(cluster, balancer.value());
}

Step<Done> DockerClusters::remove(const ClusterContext& cluster) {
  auto gone = backend->balancers.remove({.uid = cluster.uid(),
                                         .ns = cluster.ns(),
                                         .cluster = cluster.cluster_name(),
                                         .image = balancer_image(cluster)});
  if (!gone.done()) return gone;
  CAPSTAN_TRY(backend->network.remove_unused());
  return Done{};
}

}  // namespace capstan::docker
