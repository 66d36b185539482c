// A bootstrap config (Cluster API contract BootstrapConfig, v1beta2): the author writes the data
// that makes a machine a node; this layer waits for what it needs, stores the data as a Secret and
// reports it, keeps the pause and the conditions DataSecretAvailable, Ready and Paused.
//
// data() is asked once: what it gave stays with the machine. A provider that has something outside
// for a machine (a token, an entry in an inventory) names a finalizer and says in remove() how it
// goes; without one nothing is called on deletion, as the Secret is owned and collected.
//
// The manifest needs write access to Secrets: needs.objects {group: "", kind: Secret, access:
// write}.
//
// Thread safety: reconcile() may run on many threads, never for one object at the same time.
//
// Example:
//   class HelloConfig : public BootstrapConfig {
//    public:
//     HelloConfig() : BootstrapConfig({.kind = "HelloConfig"}) {}
//     Step<BootstrapData> data(const BootstrapContext& config) override {
//       if (config.endpoint().empty()) return InProgress{"WaitingForEndpoint", "no endpoint yet"};
//       return BootstrapData{.value = "#cloud-config\nruncmd: [join " + config.endpoint() + "]\n"};
//     }
//   };
#pragma once

#include <capstan/infra_machine.h>  // BootstrapData
#include <capstan/provider.h>

#include <string>
#include <utility>

namespace capstan::sdk {

// What the machine is to become.
enum class BootstrapRole {
  kInit,          // the first control plane machine
  kControlPlane,  // a further one
  kWorker,
};

class BootstrapContext {
 public:
  BootstrapContext(const Request& request, Reply& reply, const Call& call)
      : request_(request), reply_(reply), call_(call) {}

  const Json& object() const { return request_.object(); }
  const Json& spec() const {
    static const Json kEmpty = Json::object();
    const Json* found = find_at(object(), "spec");
    return found == nullptr ? kEmpty : *found;
  }
  // The Machine and the Cluster. Null in remove() where they are gone already, never in data().
  const Json* machine() const { return request_.owner(); }
  const Json* cluster() const { return request_.cluster(); }

  std::string uid() const { return request_.uid(); }
  std::string name() const { return request_.name(); }
  std::string ns() const { return request_.ns(); }
  std::string cluster_name() const { return label_of(object(), kClusterNameLabel); }
  // "v1.34.0", "" where there is none.
  std::string version() const {
    return machine() == nullptr ? "" : string_at(*machine(), "spec/version");
  }
  BootstrapRole role() const {
    if (machine() == nullptr || !has_label(*machine(), kControlPlaneLabel)) {
      return BootstrapRole::kWorker;
    }
    const bool first = cluster() == nullptr || !control_plane_initialized(*cluster());
    return first ? BootstrapRole::kInit : BootstrapRole::kControlPlane;
  }
  // "host:port" of the API server; "" while the Cluster has none.
  std::string endpoint() const {
    if (cluster() == nullptr) return "";
    const std::string host = string_at(*cluster(), "spec/controlPlaneEndpoint/host");
    const int64_t port = int_at(*cluster(), "spec/controlPlaneEndpoint/port", 6443);
    return host.empty() ? "" : host + ":" + std::to_string(port);
  }

  const Request& request() const { return request_; }
  Reply& reply() const { return reply_; }
  const Call& call() const { return call_; }

 private:
  const Request& request_;
  Reply& reply_;
  const Call& call_;
};

class BootstrapConfig {
 public:
  struct Options {
    std::string kind = {};       // "HelloConfig"
    std::string finalizer = {};  // "": nothing is kept outside, and remove() is never called
  };

  explicit BootstrapConfig(Options options) : options_(std::move(options)) {}
  virtual ~BootstrapConfig() = default;

  const std::string& kind() const { return options_.kind; }

  Status reconcile(const Request& request, Reply& reply, const Call& call) {
    const BootstrapContext config(request, reply, call);
    if (request.deleting()) return reconcile_delete(config);
    if (config.cluster() == nullptr || config.machine() == nullptr ||
        string_at(*config.machine(), "kind") != "Machine") {
      return {};  // the Machine adopts it, which wakes it
    }
    if (detail::paused(request, reply)) return {};
    if (bool_at(config.object(), "status/initialization/dataSecretCreated")) {
      return done(reply, string_at(config.object(), "status/dataSecretName", config.name()));
    }
    if (!infrastructure_provisioned(*config.cluster())) {
      return waits(reply, {"WaitingForClusterInfrastructureReady",
                           "waiting for Cluster status.initialization.infrastructureProvisioned",
                           Milliseconds(0)});
    }
    // A backup restored without status: the Machine still knows its data.
    const std::string known = string_at(*config.machine(), "spec/bootstrap/dataSecretName");
    if (!known.empty()) return done(reply, known);
    if (config.role() == BootstrapRole::kWorker && !control_plane_initialized(*config.cluster())) {
      return waits(reply, {"WaitingForControlPlaneInitialized",
                           "waiting for the control plane to be initialized", Milliseconds(0)});
    }
    if (!options_.finalizer.empty() &&
        !detail::finalizer_is_stored(request, reply, options_.finalizer)) {
      return {};
    }
    return write(config);
  }

 protected:
  // The data for the machine. Called once the cluster's infrastructure is there and, for a worker,
  // the control plane is initialized; again after InProgress and after a crash.
  virtual Step<BootstrapData> data(const BootstrapContext& config) = 0;
  // Called until it is done; what is gone already is done. Only with a finalizer.
  virtual Step<Done> remove(const BootstrapContext& config) {
    (void)config;
    return Done{};
  }

 private:
  // Without a delay the relation's change wakes the object.
  static Status waits(Reply& reply, const InProgress& wait) {
    const std::string reason = wait.reason.empty() ? "WaitingForData" : wait.reason;
    detail::set_condition(reply, "DataSecretAvailable", kFalse, reason, wait.message);
    detail::set_ready(reply, false, reason, wait.message);
    detail::resync_after(reply, wait.requeue_after);
    return {};
  }
  static Status done(Reply& reply, const std::string& secret) {
    reply.status("dataSecretName", secret);
    reply.status("initialization/dataSecretCreated", true);
    detail::set_condition(reply, "DataSecretAvailable", kTrue, "Available");
    detail::set_ready(reply, true, "Available");
    return {};
  }

  Status write(const BootstrapContext& config) {
    Reply& reply = config.reply();
    auto made = data(config);
    if (made.failed()) {
      Error error = std::move(made).error();
      const std::string reason = error.reason.empty() ? "DataNotAvailable" : error.reason;
      detail::set_condition(reply, "DataSecretAvailable", kFalse, reason, error.summary);
      return detail::failed(reply, std::move(error), reason);
    }
    if (made.in_progress()) return waits(reply, made.wait());
    const BootstrapData& given = made.value();
    reply.create(
        {{"apiVersion", "v1"},
         {"kind", "Secret"},
         {"type", kClusterSecretType},
         {"metadata",
          {{"name", config.name()},
           {"namespace", config.ns()},
           {"labels", {{kClusterNameLabel, string_at(*config.cluster(), "metadata/name")}}},
           {"ownerReferences", Json::array({reply.owner_reference()})}}},
         {"data",
          {{"value", base64_encode(given.value)}, {"format", base64_encode(given.format)}}}});
    return done(reply, config.name());
  }

  Status reconcile_delete(const BootstrapContext& config) {
    if (options_.finalizer.empty() || !config.request().has_finalizer(options_.finalizer)) {
      return {};
    }
    if (detail::paused(config.request(), config.reply())) return {};
    return detail::end_removal(config.reply(), remove(config), options_.finalizer,
                               "BootstrapDeletionFailed");
  }

  const Options options_;
};

}  // namespace capstan::sdk
