#include "plugins/docker/cluster/load_balancer.h"

#include <algorithm>

#include "plugins/docker/client/networks.h"
#include "plugins/docker/client/tar.h"
#include "plugins/docker/labels.h"

namespace capstan::docker {
namespace {

using sdk::Code;
using sdk::Done;
using sdk::Expected;
using sdk::InProgress;
using sdk::Step;

constexpr Milliseconds kSoon{300};

std::string balancer_name(const std::string& cluster) {
  return cluster + "-lb";
}

}  // namespace

Json LoadBalancers::container_config(const LoadBalancerSpec& spec, bool fixed_address) const {
  const std::string port = std::to_string(kApiServerPort) + "/tcp";
  Json labels = labels_of({spec.uid, spec.ns, spec.cluster, kLoadBalancerRole});
  if (spec.custom_template) labels[kTemplateLabel] = "true";
  Json config = {
      {"Image", spec.image},
      {"Hostname", balancer_name(spec.cluster)},
      {"Labels", std::move(labels)},
      {"ExposedPorts", {{port, Json::object()}}},
      {"HostConfig",
       {{"NetworkMode", settings_.network},
        {"RestartPolicy", {{"Name", "unless-stopped"}}},
        // A free port of the host.
        {"PortBindings", {{port, {{{"HostIp", settings_.bind_address}, {"HostPort", "0"}}}}}}}}};
  if (fixed_address) {
    config["NetworkingConfig"]["EndpointsConfig"][settings_.network]["IPAMConfig"] = {
        {"IPv4Address", spec.address}};
  }
  return config;
}

Expected<std::optional<Container>> LoadBalancers::of_cluster(const std::string& ns,
                                                             const std::string& cluster) {
  auto found = CAPSTAN_TRY(list_containers(
      engine_, {{kNamespaceLabel, ns}, {kClusterLabel, cluster}, {kRoleLabel, kLoadBalancerRole}}));
  if (found.empty()) return std::optional<Container>();
  return std::optional(std::move(found.front()));
}

Expected<std::vector<Backend>> LoadBalancers::backends(const std::string& ns,
                                                       const std::string& cluster,
                                                       const std::string& leaving) {
  std::vector<Backend> out;
  for (const Container& machine : CAPSTAN_TRY(list_containers(
           engine_,
           {{kNamespaceLabel, ns}, {kClusterLabel, cluster}, {kRoleLabel, kControlPlaneRole}}))) {
    const std::string address = machine.address(settings_.network);
    if (machine.label(kUidLabel) == leaving || address.empty()) continue;
    out.push_back({machine.name, address});
  }
  std::sort(out.begin(), out.end(),
            [](const Backend& a, const Backend& b) { return a.name < b.name; });
  return out;
}

Status LoadBalancers::configure(const Container& balancer, const std::string& leaving) {
  const auto servers = CAPSTAN_TRY(
      backends(balancer.label(kNamespaceLabel), balancer.label(kClusterLabel), leaving));
  const auto custom = templates_.find(balancer.label(kUidLabel));
  const std::string config = custom == templates_.end()
                                 ? haproxy_config(servers)
                                 : CAPSTAN_TRY(haproxy_config_from(custom->second, servers));
  std::string& written = written_[balancer.id];
  if (written == config) return {};
  CAPSTAN_TRY(write_archive(engine_, balancer.id, kHaproxyFolder,
                            tar_archive({{.name = kHaproxyFile, .content = config}})));
  if (balancer.state == "running") {
    CAPSTAN_TRY(signal_container(engine_, balancer.id, "SIGHUP"));
  }
  written = config;
  return {};
}

Step<Container> LoadBalancers::make(const LoadBalancerSpec& spec) {
  const auto image = puller_.ensure(spec.image);
  if (image.failed()) return image.error();
  if (image.in_progress()) return image.wait();
  const std::string name = balancer_name(spec.cluster);
  // The cluster's endpoint cannot change: kubeconfigs, certificates and kubelets have it.
  const auto network = CAPSTAN_TRY(find_network(engine_, settings_.network));
  const bool fixed = network && holds_address(*network, spec.address);
  auto made = create_container(engine_, name, container_config(spec, fixed));
  if (made.code() == Code::kConflict) {
    const auto present = CAPSTAN_TRY(inspect_container(engine_, name));
    if (!present || present->label(kUidLabel) == spec.uid) {
      return InProgress{"LoadBalancerStarting", "the engine still makes container " + name, kSoon};
    }
    return Error::make(Code::kConflict, "container " + name + " exists and is not of this cluster",
                       "Remove it (docker rm -f " + name + ") or name the cluster otherwise.")
        .with_reason("NameTaken");
  }
  if (!made.ok()) return std::move(made).error();
  return InProgress{"LoadBalancerStarting", "made container " + name, kSoon};
}

Step<Container> LoadBalancers::ensure(const LoadBalancerSpec& spec) {
  const std::lock_guard lock(mutex_);
  if (spec.custom_template) {
    templates_[spec.uid] = *spec.custom_template;
  } else {
    templates_.erase(spec.uid);
  }
  auto found = CAPSTAN_TRY(
      list_containers(engine_, {{kUidLabel, spec.uid}, {kRoleLabel, kLoadBalancerRole}}));
  if (found.empty()) {
    auto made = make(spec);
    if (made.failed() || made.wait().reason == "PullingImage") return made;
    found = CAPSTAN_TRY(
        list_containers(engine_, {{kUidLabel, spec.uid}, {kRoleLabel, kLoadBalancerRole}}));
    if (found.empty()) return made;
  }
  // It starts with a configuration, so that it never runs without one.
  CAPSTAN_TRY(configure(found.front(), ""));
  if (found.front().state != "running") {
    CAPSTAN_TRY(start_container(engine_, found.front().id));
  }
  auto balancer = CAPSTAN_TRY(inspect_container(engine_, found.front().id));
  if (!balancer || balancer->state != "running" || balancer->address(settings_.network).empty()) {
    return InProgress{"LoadBalancerStarting",
                      "waiting for container " + balancer_name(spec.cluster) + " to run", kSoon};
  }
  return *std::move(balancer);
}

Expected<bool> LoadBalancers::update(const std::string& ns, const std::string& cluster,
                                     const std::string& leaving) {
  const std::lock_guard lock(mutex_);
  const auto balancer = CAPSTAN_TRY(of_cluster(ns, cluster));
  if (!balancer || balancer->state != "running") return false;
  // After a start of the server, the template is known again once the cluster was looked at.
  const bool custom = !balancer->label(kTemplateLabel).empty();
  if (custom && !templates_.contains(balancer->label(kUidLabel))) return false;
  CAPSTAN_TRY(configure(*balancer, leaving));
  return true;
}

Step<Done> LoadBalancers::remove(const LoadBalancerSpec& spec) {
  const std::lock_guard lock(mutex_);
  const auto found = CAPSTAN_TRY(
      list_containers(engine_, {{kUidLabel, spec.uid}, {kRoleLabel, kLoadBalancerRole}}));
  for (const Container& balancer : found) {
    CAPSTAN_TRY(remove_container(engine_, balancer.id));
    written_.erase(balancer.id);
  }
  const std::string name = balancer_name(spec.cluster);
  const Labels labels = labels_of({spec.uid, spec.ns, spec.cluster, kLoadBalancerRole});
  if (found.empty() && CAPSTAN_TRY(is_being_made(engine_, name, spec.image, labels))) {
    return InProgress{"Deleting", "waiting for container " + name + ", which is still made", kSoon};
  }
  templates_.erase(spec.uid);
  return Done{};
}

}  // namespace capstan::docker
