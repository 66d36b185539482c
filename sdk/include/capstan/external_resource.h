// An external resource kept in the state that its object asks for, in the manner of Crossplane's
// managed resources: observe, then create, update or remove. The author talks to the outside; this
// layer keeps the conditions Synced and Ready, the external name, management policies, deletion
// policy, the finalizer, the pause and the polling.
//
// Read from the object: annotations crossplane.io/external-name and crossplane.io/paused (and
// Cluster API's pause), spec.managementPolicies (default ["*"]; [] observes nothing and changes
// nothing), spec.deletionPolicy (Delete or Orphan). Written: status.atProvider, the conditions, the
// external name, spec.forProvider fields under LateInitialize.
//
// Leaks: where an external thing cannot be found again by the object's uid
// (Options::found_by_uid = false), creation is announced in the annotation
// crossplane.io/external-create-pending before it begins. Where a crash left its end unknown, the
// resource stops with reason CreationResultUnknown instead of making a second one.
//
// Thread safety: reconcile() may run on many threads, never for one object at the same time.
//
// Example:
//   class Bucket : public ExternalResource {
//    public:
//     Bucket() : ExternalResource({.kind = "Bucket", .finalizer = "finalizer.hello.capstan.dev"})
//     {} Expected<Observation> observe(const ResourceContext& resource) override {
//       const auto bucket = CAPSTAN_TRY(api_.find(resource.external_name()));
//       if (!bucket) return Observation{.exists = false};
//       return Observation{.exists = true, .up_to_date = bucket->size == wanted(resource),
//                          .at_provider = {{"size", bucket->size}}};
//     }
//     Step<Creation> create(const ResourceContext&) override;
//     Step<Done> update(const ResourceContext&, const Observation&) override;
//     Step<Done> remove(const ResourceContext&) override;
//   };
#pragma once

#include <capstan/provider.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace capstan::sdk {

inline constexpr std::string_view kExternalNameAnnotation = "crossplane.io/external-name";
inline constexpr std::string_view kExternalPausedAnnotation = "crossplane.io/paused";
inline constexpr std::string_view kCreatePendingAnnotation =
    "crossplane.io/external-create-pending";
inline constexpr std::string_view kCreateSucceededAnnotation =
    "crossplane.io/external-create-succeeded";
inline constexpr std::string_view kCreateFailedAnnotation = "crossplane.io/external-create-failed";

// The external resource as it is.
struct Observation {
  bool exists = false;
  bool up_to_date = true;       // false: update() is called
  std::string difference = {};  // what differs, for the event: "size: 3 -> 5"
  bool available = true;        // can be used; else Ready=False with reason and message
  std::string reason = {};      // default Creating while not available
  std::string message = {};
  std::string external_name = {};   // where it differs from the one that is known
  Json at_provider = nullptr;       // becomes status.atProvider; null leaves it
  Json late_initialized = nullptr;  // merged into spec.forProvider under LateInitialize
  std::map<std::string, std::string> connection = {};  // to spec.writeConnectionSecretToRef
};

struct Creation {
  std::string external_name = {};  // the id that the provider gave; "" keeps the one that is known
  Json at_provider = nullptr;
  std::map<std::string, std::string> connection = {};
};

class ResourceContext {
 public:
  ResourceContext(const Request& request, Reply& reply, const Call& call)
      : request_(request), reply_(reply), call_(call) {}

  const Json& object() const { return request_.object(); }
  // spec.forProvider: what is wanted.
  const Json& for_provider() const { return part("spec/forProvider"); }
  // spec.initProvider: what is wanted at creation only.
  const Json& init_provider() const { return part("spec/initProvider"); }
  // status.atProvider: what was last seen.
  const Json& at_provider() const { return part("status/atProvider"); }
  std::string uid() const { return request_.uid(); }
  std::string name() const { return request_.name(); }
  std::string ns() const { return request_.ns(); }
  // The annotation, or "" where the provider has not named it yet and Options say it will.
  std::string external_name() const { return annotation_of(object(), kExternalNameAnnotation); }
  const std::vector<Json>& related(const std::string& relation) const {
    return request_.related(relation);
  }

  const Request& request() const { return request_; }
  Reply& reply() const { return reply_; }
  const Call& call() const { return call_; }

 private:
  const Json& part(std::string_view path) const {
    static const Json kEmpty = Json::object();
    const Json* found = find_at(request_.object(), path);
    return found == nullptr ? kEmpty : *found;
  }
  const Request& request_;
  Reply& reply_;
  const Call& call_;
};

class ExternalResource {
 public:
  struct Options {
    std::string kind = {};
    std::string finalizer = "finalizer.managedresource.crossplane.io";
    // Where the external name is not given it is the object's name, stored before anything is made.
    // False: the provider gives the name (an id) when it creates.
    bool named_by_object = true;
    bool found_by_uid = true;  // false: see "Leaks" above
    Milliseconds poll = std::chrono::minutes(1);
    Milliseconds poll_unavailable = std::chrono::seconds(10);
  };

  explicit ExternalResource(Options options) : options_(std::move(options)) {}
  virtual ~ExternalResource() = default;

  const std::string& kind() const { return options_.kind; }

  Status reconcile(const Request& request, Reply& reply, const Call& call) {
    if (stands_still(request, reply)) return {};
    const ResourceContext resource(request, reply, call);
    if (request.deleting()) return reconcile_delete(resource);
    if (!prepared(resource)) return {};
    auto observed = observe(resource);
    if (!observed.ok()) return not_synced(reply, std::move(observed).error(), "ObserveFailed");
    if (!observed->exists) return reconcile_create(resource);
    return reconcile_existing(resource, *observed);
  }

 protected:
  // What is outside. Nothing there is exists = false, not an error.
  virtual Expected<Observation> observe(const ResourceContext& resource) = 0;
  // InProgress is followed by observe(); the next create() only where that still finds nothing.
  virtual Step<Creation> create(const ResourceContext& resource) = 0;
  virtual Step<Done> update(const ResourceContext& resource, const Observation& observation) = 0;
  // Called until it is done; what is gone already is done.
  virtual Step<Done> remove(const ResourceContext& resource) = 0;

 private:
  // A creation that this process announced: it knows whether it was begun, which after a restart
  // nobody does.
  struct Attempt {
    std::string pending;
    bool begun = false;  // and neither failed nor made: its end is not known
    std::optional<Creation> made;
  };

  // "Create", "Update", "Delete", "LateInitialize" or "Observe".
  static bool allowed(const Json& object, std::string_view action) {
    const Json* policies = find_at(object, "spec/managementPolicies");
    if (policies == nullptr || !policies->is_array()) return true;
    for (const Json& policy : *policies) {
      if (policy == "*" || policy == action) return true;
    }
    return false;
  }
  static bool stands_still(const Request& request, Reply& reply) {
    const Json& object = request.object();
    const Json* policies = find_at(object, "spec/managementPolicies");
    const bool no_policy = policies != nullptr && policies->is_array() && policies->empty();
    if (is_paused(request.cluster(), object) || no_policy ||
        annotation_of(object, kExternalPausedAnnotation) == "true") {
      synced(reply, false, "ReconcilePaused", "paused by annotation or by an empty policy");
      return true;
    }
    return false;
  }
  static void synced(Reply& reply, bool ok, std::string reason, std::string message = "") {
    detail::set_condition(reply, "Synced", ok ? kTrue : kFalse, std::move(reason),
                          std::move(message));
  }
  static Status not_synced(Reply& reply, Error error, std::string_view reason) {
    synced(reply, false, error.reason.empty() ? std::string(reason) : error.reason,
           error.detail.empty() ? error.summary : error.summary + ". " + error.detail);
    return error;
  }

  // The finalizer and the external name are stored before anything is made outside.
  bool prepared(const ResourceContext& resource) {
    Reply& reply = resource.reply();
    bool stored = true;
    if (!resource.request().has_finalizer(options_.finalizer)) {
      reply.add_finalizer(options_.finalizer);
      stored = false;
    }
    if (options_.named_by_object && resource.external_name().empty()) {
      reply.annotation(std::string(kExternalNameAnnotation), resource.name());
      stored = false;
    }
    return stored;
  }

  Status reconcile_create(const ResourceContext& resource) {
    Reply& reply = resource.reply();
    if (!allowed(resource.object(), "Create")) {
      return not_synced(reply,
                        Error::failed_precondition("the external resource does not exist and "
                                                   "spec.managementPolicies does not allow Create"),
                        "ExternalResourceMissing");
    }
    if (!options_.found_by_uid) {
      const std::string pending = pending_creation(resource.object());
      if (pending.empty()) return announce_creation(resource);
      const auto attempt = attempt_of(resource.uid(), pending);
      if (attempt && attempt->made) return created(resource, *attempt->made);
      if (!attempt || attempt->begun) return creation_result_unknown(reply);
      set_begun(resource.uid(), true);
    }
    detail::set_ready(reply, false, "Creating");
    auto step = create(resource);
    if (!options_.found_by_uid && !step.done()) set_begun(resource.uid(), false);
    if (step.failed()) {
      mark(resource, kCreateFailedAnnotation);
      reply.event("CannotCreateExternalResource", step.error().summary, "Warning");
      return not_synced(reply, std::move(step).error(), "CreateFailed");
    }
    if (step.in_progress()) return under_way(reply, step.wait());
    reply.event("CreatedExternalResource", "created the external resource");
    return created(resource, std::move(step).value());
  }

  Status created(const ResourceContext& resource, const Creation& creation) {
    Reply& reply = resource.reply();
    if (!options_.found_by_uid) {
      // Kept until it is seen stored: a reply that loses a race is made once more from it.
      const std::lock_guard lock(mutex_);
      attempts_[resource.uid()].made = creation;
    }
    mark(resource, kCreateSucceededAnnotation);
    keep(resource, creation.external_name, creation.at_provider, creation.connection);
    detail::set_ready(reply, false, "Creating");
    synced(reply, true, "ReconcileSuccess");
    reply.requeue_after(options_.poll_unavailable);
    return {};
  }

  Status reconcile_existing(const ResourceContext& resource, const Observation& observation) {
    Reply& reply = resource.reply();
    if (!options_.found_by_uid) forget_attempt(resource.uid());
    keep(resource, observation.external_name, observation.at_provider, observation.connection);
    if (observation.late_initialized.is_object() && !observation.late_initialized.empty() &&
        allowed(resource.object(), "LateInitialize")) {
      make_at(reply.patch(), "spec/forProvider").merge_patch(observation.late_initialized);
    }
    detail::set_ready(reply, observation.available,
                      !observation.reason.empty() ? observation.reason
                      : observation.available     ? "Available"
                                                  : "Creating",
                      observation.message);
    reply.requeue_after(observation.available ? options_.poll : options_.poll_unavailable);
    if (!observation.up_to_date && allowed(resource.object(), "Update")) {
      auto updated = update(resource, observation);
      if (updated.failed()) {
        reply.event("CannotUpdateExternalResource", updated.error().summary, "Warning");
        return not_synced(reply, std::move(updated).error(), "UpdateFailed");
      }
      reply.event("UpdatedExternalResource", observation.difference);
      reply.requeue_after(updated.in_progress() ? updated.wait().requeue_after
                                                : options_.poll_unavailable);
    }
    synced(reply, true, "ReconcileSuccess");
    return {};
  }

  Status reconcile_delete(const ResourceContext& resource) {
    Reply& reply = resource.reply();
    if (!resource.request().has_finalizer(options_.finalizer)) return {};
    detail::set_ready(reply, false, "Deleting");
    const bool orphan = string_at(resource.object(), "spec/deletionPolicy") == "Orphan";
    if (!orphan && allowed(resource.object(), "Delete")) {
      auto observed = observe(resource);
      if (!observed.ok()) return not_synced(reply, std::move(observed).error(), "ObserveFailed");
      if (observed->exists) {
        auto removed = remove(resource);
        if (removed.failed()) {
          reply.event("CannotDeleteExternalResource", removed.error().summary, "Warning");
          return not_synced(reply, std::move(removed).error(), "DeleteFailed");
        }
        if (removed.in_progress()) return under_way(reply, removed.wait(), "Deleting");
        reply.event("DeletedExternalResource", "deleted the external resource");
      }
    }
    if (!options_.found_by_uid) forget_attempt(resource.uid());
    reply.remove_finalizer(options_.finalizer);
    return {};
  }

  static Status under_way(Reply& reply, const InProgress& wait, const char* fallback = "Creating") {
    detail::set_ready(reply, false, wait.reason.empty() ? fallback : wait.reason, wait.message);
    synced(reply, true, "ReconcileSuccess");
    reply.requeue_after(wait.requeue_after);
    return {};
  }

  // The announcement of a creation whose end is not stored, or "". The annotations hold RFC 3339
  // times in UTC with one precision, so the order of the texts is that of the times.
  static std::string pending_creation(const Json& object) {
    const std::string pending = annotation_of(object, kCreatePendingAnnotation);
    const std::string ended = std::max(annotation_of(object, kCreateSucceededAnnotation),
                                       annotation_of(object, kCreateFailedAnnotation));
    return pending > ended ? pending : "";
  }
  Status announce_creation(const ResourceContext& resource) {
    const std::string now = resource.request().now();
    resource.reply().annotation(std::string(kCreatePendingAnnotation), now);
    const std::lock_guard lock(mutex_);
    attempts_[resource.uid()] = {now, false, std::nullopt};
    return {};
  }
  std::optional<Attempt> attempt_of(const std::string& uid, const std::string& pending) const {
    const std::lock_guard lock(mutex_);
    const auto attempt = attempts_.find(uid);
    if (attempt == attempts_.end() || attempt->second.pending != pending) return std::nullopt;
    return attempt->second;
  }
  void set_begun(const std::string& uid, bool begun) {
    const std::lock_guard lock(mutex_);
    attempts_[uid].begun = begun;
  }
  void forget_attempt(const std::string& uid) {
    const std::lock_guard lock(mutex_);
    attempts_.erase(uid);
  }
  static Status creation_result_unknown(Reply& reply) {
    Error error = Error::failed_precondition(
        "a creation was begun and its end is not known; a second one could leak a resource");
    error.detail =
        "Look for the resource at the provider. Where it exists, set the annotation "
        "crossplane.io/external-name; where it does not, remove "
        "crossplane.io/external-create-pending";
    error.terminal = true;
    return not_synced(reply, std::move(error), "CreationResultUnknown");
  }
  void mark(const ResourceContext& resource, std::string_view annotation) const {
    if (!options_.found_by_uid) {
      resource.reply().annotation(std::string(annotation), resource.request().now());
    }
  }

  static void keep(const ResourceContext& resource, const std::string& external_name,
                   const Json& at_provider, const std::map<std::string, std::string>& connection) {
    Reply& reply = resource.reply();
    if (!external_name.empty() && external_name != resource.external_name()) {
      reply.annotation(std::string(kExternalNameAnnotation), external_name);
    }
    if (!at_provider.is_null()) reply.status("atProvider", at_provider);
    const std::string secret = string_at(resource.object(), "spec/writeConnectionSecretToRef/name");
    if (secret.empty() || connection.empty()) return;
    Json data = Json::object();
    for (const auto& [key, value] : connection) data[key] = base64_encode(value);
    const std::string ns =
        string_at(resource.object(), "spec/writeConnectionSecretToRef/namespace", resource.ns());
    reply.apply({{"apiVersion", "v1"},
                 {"kind", "Secret"},
                 {"type", "connection.crossplane.io/v1alpha1"},
                 {"metadata",
                  {{"name", secret},
                   {"namespace", ns},
                   {"ownerReferences", Json::array({reply.owner_reference()})}}},
                 {"data", std::move(data)}});
  }

  const Options options_;
  mutable std::mutex mutex_;
  std::map<std::string, Attempt> attempts_;  // by uid; only where found_by_uid is false
};

}  // namespace capstan::sdk
