// A control plane that somebody else runs (Cluster API contract ControlPlane, v1beta2): a managed
// service, or control planes as pods of another cluster. There are no Machines behind it. The
// author says how it is found, made, upgraded and removed; this layer does the rest of the
// contract: the waits, the finalizer, the pause, spec.controlPlaneEndpoint, the Secret
// CLUSTER-kubeconfig, controlPlaneInitialized, externalManagedControlPlane, the version, the
// conditions Available, Ready and Paused, deletion and retries.
//
// The manifest needs write access to Secrets: needs.objects {group: "", kind: Secret, access:
// write}.
//
// Thread safety: reconcile() may run on many threads, never for one object at the same time.
//
// Example:
//   class HelloControlPlane : public HostedControlPlane {
//    public:
//     explicit HelloControlPlane(Cloud& cloud)
//         : HostedControlPlane(
//               {.kind = "HelloControlPlane",
//                .finalizer = "hellocontrolplane.controlplane.cluster.x-k8s.io"}),
//           cloud_(cloud) {}
//     Expected<std::optional<HostedPlane>> find(const PlaneContext& plane) override;
//     Step<HostedPlane> create(const PlaneContext& plane) override;
//     Step<Done> upgrade(const PlaneContext& plane, const HostedPlane& running) override;
//     Step<Done> remove(const PlaneContext& plane) override;
//   };
#pragma once

#include <capstan/infra_cluster.h>  // Endpoint
#include <capstan/provider.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace capstan::sdk {

// What runs outside for one cluster.
struct HostedPlane {
  std::optional<Endpoint> endpoint = {};  // required once ready
  // Of an administrator; becomes the Secret CLUSTER-kubeconfig, and replaces it where it differs.
  // Required once ready.
  std::string kubeconfig = {};
  std::string version = {};  // that runs; another than spec.version asks for upgrade()
  bool ready = true;         // false: exists and takes no requests yet
  std::string reason = {};   // of the Available condition while not ready
  std::string message = {};
  Json status = Json::object();  // merged into status: fields of the provider's own
};

class PlaneContext {
 public:
  PlaneContext(const Request& request, Reply& reply, const Call& call)
      : request_(request), reply_(reply), call_(call) {}

  const Json& object() const { return request_.object(); }
  const Json& spec() const {
    static const Json kEmpty = Json::object();
    const Json* found = find_at(object(), "spec");
    return found == nullptr ? kEmpty : *found;
  }
  // The Cluster; null where it is gone already (on deletion).
  const Json* cluster() const { return request_.cluster(); }
  std::string uid() const { return request_.uid(); }
  std::string name() const { return request_.name(); }
  std::string ns() const { return request_.ns(); }
  std::string cluster_name() const {
    const std::string label = label_of(object(), kClusterNameLabel);
    return !label.empty() || cluster() == nullptr ? label : string_at(*cluster(), "metadata/name");
  }
  // The version that is wanted: "v1.34.0", "" where there is none.
  std::string version() const { return string_at(spec(), "version"); }
  const std::vector<Json>& related(const std::string& relation) const {
    return request_.related(relation);
  }

  const Request& request() const { return request_; }
  Reply& reply() const { return reply_; }
  const Call& call() const { return call_; }

 private:
  const Request& request_;
  Reply& reply_;
  const Call& call_;
};

class HostedControlPlane {
 public:
  struct Options {
    std::string kind = {};       // "HelloControlPlane"
    std::string finalizer = {};  // "hellocontrolplane.controlplane.cluster.x-k8s.io"
    // How often a control plane that runs is looked at again; 0 for never.
    Milliseconds resync = std::chrono::minutes(10);
    Milliseconds poll = std::chrono::seconds(5);  // while it is not ready
  };

  explicit HostedControlPlane(Options options) : options_(std::move(options)) {}
  virtual ~HostedControlPlane() = default;

  const std::string& kind() const { return options_.kind; }

  Status reconcile(const Request& request, Reply& reply, const Call& call) {
    if (is_externally_managed(request.object())) return {};
    if (detail::paused(request, reply)) return {};
    const PlaneContext plane(request, reply, call);
    if (request.deleting()) return reconcile_delete(plane);
    if (plane.cluster() == nullptr) {
      return not_available(plane, "WaitingForCluster",
                           "waiting for the Cluster to set its owner reference");
    }
    if (!detail::finalizer_is_stored(request, reply, options_.finalizer)) return {};
    if (!infrastructure_provisioned(*plane.cluster())) {
      return not_available(plane, "WaitingForClusterInfrastructureReady",
                           "waiting for Cluster status.initialization.infrastructureProvisioned");
    }
    return keep(plane);
  }

 protected:
  // The cluster's control plane, looked up by uid; nothing where there is none.
  virtual Expected<std::optional<HostedPlane>> find(const PlaneContext& plane) = 0;
  // Called only where find() found nothing. InProgress is followed by another find().
  virtual Step<HostedPlane> create(const PlaneContext& plane) = 0;
  // Called where another version runs than spec.version, until find() gives that one.
  virtual Step<Done> upgrade(const PlaneContext& plane, const HostedPlane& running) = 0;
  // Called until it is done; what is gone already is done.
  virtual Step<Done> remove(const PlaneContext& plane) = 0;

 private:
  static void available(Reply& reply, bool yes, const std::string& reason,
                        const std::string& message) {
    detail::set_condition(reply, "Available", yes ? kTrue : kFalse, reason, message);
    detail::set_ready(reply, yes, reason, message);
  }
  static Status not_available(const PlaneContext& plane, const std::string& reason,
                              const std::string& message) {
    plane.reply().status("externalManagedControlPlane", true);
    available(plane.reply(), false, reason, message);
    return {};
  }
  static Status failed(const PlaneContext& plane, Error error, const std::string& reason) {
    detail::set_condition(plane.reply(), "Available", kFalse,
                          error.reason.empty() ? reason : error.reason, error.summary);
    return detail::failed_with_event(plane.reply(), std::move(error), reason);
  }
  static Status under_way(const PlaneContext& plane, const InProgress& wait, const char* fallback) {
    plane.reply().requeue_after(wait.requeue_after);
    return not_available(plane, wait.reason.empty() ? fallback : wait.reason, wait.message);
  }

  Status keep(const PlaneContext& plane) {
    auto found = find(plane);
    if (!found.ok()) return failed(plane, std::move(found).error(), "ControlPlaneLookupFailed");
    if (found->has_value()) return publish(plane, **found);
    if (bool_at(plane.object(), "status/initialization/controlPlaneInitialized")) {
      // What the cluster stored is in there: another one in its place would be an empty cluster.
      detail::resync_after(plane.reply(), options_.resync);
      return not_available(plane, "ControlPlaneDeleted",
                           "the control plane is gone; delete the Cluster to have it replaced");
    }
    auto created = create(plane);
    if (created.failed()) {
      return failed(plane, std::move(created).error(), "ControlPlaneCreationFailed");
    }
    if (created.in_progress()) return under_way(plane, created.wait(), "ControlPlaneCreating");
    plane.reply().event("ControlPlaneCreated",
                        "made the control plane of Cluster " + plane.cluster_name());
    return publish(plane, created.value());
  }

  Status publish(const PlaneContext& plane, const HostedPlane& running) {
    Reply& reply = plane.reply();
    reply.merge_status(running.status);
    if (!running.ready) {
      reply.requeue_after(options_.poll);
      return not_available(plane, running.reason.empty() ? "ControlPlaneNotReady" : running.reason,
                           running.message);
    }
    if (!running.endpoint || running.kubeconfig.empty()) {
      return failed(plane,
                    Error::internal("a control plane that is ready has no endpoint or kubeconfig"),
                    "ControlPlaneNotReady");
    }
    reply.spec("controlPlaneEndpoint",
               {{"host", running.endpoint->host}, {"port", running.endpoint->port}});
    reply.status("externalManagedControlPlane", true);
    reply.status("initialization/controlPlaneInitialized", true);
    if (!running.version.empty()) reply.status("version", running.version);
    reply.apply(kubeconfig_secret(plane, running.kubeconfig));
    available(reply, true, "Available", running.message);
    detail::resync_after(reply, options_.resync);
    const bool outdated =
        !running.version.empty() && !plane.version().empty() && running.version != plane.version();
    return outdated ? reconcile_upgrade(plane, running) : Status();
  }

  // It goes on serving meanwhile, so Available stays.
  Status reconcile_upgrade(const PlaneContext& plane, const HostedPlane& running) {
    auto upgraded = upgrade(plane, running);
    if (upgraded.failed()) {
      return detail::failed_with_event(plane.reply(), std::move(upgraded).error(),
                                       "ControlPlaneUpgradeFailed");
    }
    plane.reply().requeue_after(upgraded.in_progress() ? upgraded.wait().requeue_after
                                                       : options_.poll);
    return {};
  }

  static Json kubeconfig_secret(const PlaneContext& plane, const std::string& kubeconfig) {
    return {{"apiVersion", "v1"},
            {"kind", "Secret"},
            {"type", kClusterSecretType},
            {"metadata",
             {{"name", plane.cluster_name() + "-kubeconfig"},
              {"namespace", plane.ns()},
              {"labels", {{kClusterNameLabel, plane.cluster_name()}}},
              {"ownerReferences", Json::array({plane.reply().owner_reference()})}}},
            {"data", {{"value", base64_encode(kubeconfig)}}}};
  }

  Status reconcile_delete(const PlaneContext& plane) {
    if (!plane.request().has_finalizer(options_.finalizer)) return {};
    return detail::end_removal(plane.reply(), remove(plane), options_.finalizer,
                               "ControlPlaneDeletionFailed");
  }

  const Options options_;
};

}  // namespace capstan::sdk
