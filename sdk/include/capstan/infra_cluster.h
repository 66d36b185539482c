// A cluster's infrastructure (Cluster API contract InfraCluster): networks, load balancer, whatever
// machines need before they can be made. The author says how it is found, made and removed; this
// layer does the rest of the contract: the wait for the Cluster's owner reference, the skip of
// externally managed objects, the finalizer, the pause, spec.controlPlaneEndpoint,
// status.failureDomains, provisioned, the conditions Ready and Paused, and deletion.
//
// Thread safety: reconcile() may run on many threads, never for one object at the same time.
//
// Example:
//   class HelloCluster : public InfraCluster {
//    public:
//     HelloCluster() : InfraCluster({.kind = "HelloCluster",
//                                    .finalizer = "hellocluster.infrastructure.cluster.x-k8s.io"})
//                                    {}
//     Step<Infrastructure> create(const ClusterContext& cluster) override {
//       const auto balancer = CAPSTAN_TRY(cloud_.ensure_balancer(cluster.uid()));
//       if (!balancer.active) return InProgress{"BalancerBuilding", "waiting for " + balancer.id};
//       return Infrastructure{.endpoint = Endpoint{balancer.ip, 6443}};
//     }
//     Step<Done> remove(const ClusterContext& cluster) override;
//   };
#pragma once

#include <capstan/provider.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace capstan::sdk {

// Where the cluster's API server is reached.
struct Endpoint {
  std::string host = {};
  int port = 6443;
};

struct FailureDomain {
  std::string name = {};
  bool control_plane = true;
  std::map<std::string, std::string> attributes = {};
};

// What exists outside for one cluster.
struct Infrastructure {
  // Absent where the user or the control-plane provider gives it.
  std::optional<Endpoint> endpoint = {};
  std::vector<FailureDomain> failure_domains = {};
  Json status = Json::object();  // merged into status: fields of the provider's own
  std::string message = {};      // of the Ready condition
};

class ClusterContext {
 public:
  ClusterContext(const Request& request, Reply& reply, const Call& call)
      : request_(request), reply_(reply), call_(call) {}

  const Json& object() const { return request_.object(); }
  const Json& spec() const { return part("spec"); }
  const Json& status() const { return part("status"); }
  // The Cluster; null where it is gone already (on deletion).
  const Json* cluster() const {
    if (request_.cluster() != nullptr) return request_.cluster();
    const Json* owner = request_.owner();
    return owner != nullptr && string_at(*owner, "kind") == "Cluster" ? owner : nullptr;
  }
  std::string uid() const { return request_.uid(); }
  std::string name() const { return request_.name(); }
  std::string ns() const { return request_.ns(); }
  std::string cluster_name() const {
    const std::string label = label_of(object(), kClusterNameLabel);
    return !label.empty() || cluster() == nullptr ? label : string_at(*cluster(), "metadata/name");
  }
  // spec.controlPlaneEndpoint where the user set it.
  std::optional<Endpoint> given_endpoint() const {
    const std::string host = string_at(object(), "spec/controlPlaneEndpoint/host");
    if (host.empty()) return std::nullopt;
    return Endpoint{host,
                    static_cast<int>(int_at(object(), "spec/controlPlaneEndpoint/port", 6443))};
  }
  const std::vector<Json>& related(const std::string& relation) const {
    return request_.related(relation);
  }

  const Request& request() const { return request_; }
  Reply& reply() const { return reply_; }
  const Call& call() const { return call_; }

 private:
  const Json& part(const char* name) const {
    static const Json kEmpty = Json::object();
    const Json* found = find_at(request_.object(), name);
    return found == nullptr ? kEmpty : *found;
  }
  const Request& request_;
  Reply& reply_;
  const Call& call_;
};

class InfraCluster {
 public:
  struct Options {
    std::string kind = {};       // "HelloCluster"
    std::string finalizer = {};  // "hellocluster.infrastructure.cluster.x-k8s.io"
    Contract contract = Contract::kV1Beta2;
    // How often a provisioned cluster is looked at again; 0 for never.
    Milliseconds resync = std::chrono::minutes(10);
  };

  explicit InfraCluster(Options options) : options_(std::move(options)) {}
  virtual ~InfraCluster() = default;

  const std::string& kind() const { return options_.kind; }

  Status reconcile(const Request& request, Reply& reply, const Call& call) {
    if (is_externally_managed(request.object())) return {};
    if (detail::paused(request, reply)) return {};
    const ClusterContext cluster(request, reply, call);
    if (request.deleting()) return reconcile_delete(cluster);
    if (cluster.cluster() == nullptr) {
      detail::set_ready(reply, false, "WaitingForCluster",
                        "waiting for the Cluster to set its owner reference");
      return {};
    }
    if (!detail::finalizer_is_stored(request, reply, options_.finalizer)) return {};
    return provision(cluster);
  }

 protected:
  // What exists, looked up by uid; nothing where it is not there or not complete. Providers whose
  // create() looks up each part for itself leave this out.
  virtual Expected<std::optional<Infrastructure>> find(const ClusterContext& cluster) {
    (void)cluster;
    return std::optional<Infrastructure>();
  }
  // Called where find() found nothing; makes what is missing, one idempotent step after the other.
  virtual Step<Infrastructure> create(const ClusterContext& cluster) = 0;
  // Called until it is done; what is gone already is done.
  virtual Step<Done> remove(const ClusterContext& cluster) = 0;

 private:
  Status provision(const ClusterContext& cluster) {
    Reply& reply = cluster.reply();
    auto found = find(cluster);
    if (!found.ok()) {
      return detail::failed(reply, std::move(found).error(), "InfrastructureLookupFailed");
    }
    if (found->has_value()) return publish(cluster, **found);
    auto created = create(cluster);
    if (created.failed()) {
      return detail::failed_with_event(reply, std::move(created).error(), "InfrastructureFailed");
    }
    if (created.in_progress()) return detail::under_way(reply, created.wait());
    return publish(cluster, created.value());
  }

  Status publish(const ClusterContext& cluster, const Infrastructure& infrastructure) {
    Reply& reply = cluster.reply();
    if (infrastructure.endpoint && !cluster.given_endpoint()) {
      reply.spec("controlPlaneEndpoint", {{"host", infrastructure.endpoint->host},
                                          {"port", infrastructure.endpoint->port}});
    }
    if (!infrastructure.failure_domains.empty()) {
      reply.status("failureDomains", failure_domains(infrastructure));
    }
    reply.merge_status(infrastructure.status);
    detail::set_provisioned(reply, options_.contract);
    detail::set_ready(reply, true, "Ready", infrastructure.message);
    detail::resync_after(reply, options_.resync);
    return {};
  }

  Json failure_domains(const Infrastructure& infrastructure) const {
    const bool as_map = options_.contract == Contract::kV1Beta1;
    Json out = as_map ? Json::object() : Json::array();
    for (const FailureDomain& domain : infrastructure.failure_domains) {
      Json item = {{"controlPlane", domain.control_plane}};
      if (!domain.attributes.empty()) item["attributes"] = domain.attributes;
      if (as_map) {
        out[domain.name] = std::move(item);
      } else {
        item["name"] = domain.name;
        out.push_back(std::move(item));
      }
    }
    return out;
  }

  Status reconcile_delete(const ClusterContext& cluster) {
    if (!cluster.request().has_finalizer(options_.finalizer)) return {};
    return detail::end_removal(cluster.reply(), remove(cluster), options_.finalizer,
                               "InfrastructureDeletionFailed");
  }

  const Options options_;
};

}  // namespace capstan::sdk
