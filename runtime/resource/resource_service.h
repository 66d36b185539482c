// The write path, and what reads need beyond the cache: everything that Kubernetes' API semantics
// ask of a create, update, patch, apply or delete, for the HTTP face and for the runtime's own
// controllers alike.
//
// A write goes: decode -> prune -> default -> validate -> convert to the storage version ->
// admission -> validate -> managed fields -> commit through the Store with optimistic concurrency.
// Reads come from the WatchCache and are converted to the version asked for.
//
// CustomResourceDefinitions are ordinary objects whose write changes the KindRegistry before it
// returns. A namespace or a CRD that is deleted takes its objects with it; it goes when the last of
// them is gone. Owned objects are the garbage collector's business (runtime/controller).
//
// Thread safety: all members from any thread; writes block until the store has committed.
//
// Example:
//   const ResourceRef ref{kinds.find({"cluster.x-k8s.io", "Machine"}), "v1beta2", "default", "m1"};
//   WriteOptions options;
//   options.manager = "my-controller";
//   const ObjectPtr machine = TRY(service.create(ref, manifest, options));
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/random.h"
#include "runtime/object/kind.h"
#include "runtime/object/object.h"
#include "runtime/object/schema/schema.h"
#include "runtime/store/store.h"
#include "runtime/store/watch_cache.h"

namespace capstan {

enum class FieldValidation { kIgnore, kWarn, kStrict };
enum class PatchType { kMerge, kJson, kStrategicMerge, kApply };
// kDefault deletes as kBackground, but leaves a foreground or orphan deletion that has begun.
enum class Propagation { kDefault, kBackground, kForeground, kOrphan };

// Common to all writes. What the request came with, and what the answer carries besides the object.
struct WriteOptions {
  std::string manager = "capstan";  // fieldManager, for managedFields
  bool dry_run = false;
  bool force = false;  // apply: take conflicting fields
  FieldValidation field_validation = FieldValidation::kStrict;
  std::string subresource;                       // "", "status", "scale" or "finalize"
  std::vector<std::string>* warnings = nullptr;  // unknown fields under kWarn, deprecations
};

struct DeleteOptions {
  Propagation propagation = Propagation::kDefault;
  std::string uid;                // precondition, "" for none
  Revision resource_version = 0;  // precondition, 0 for none
  bool dry_run = false;
};

// Names an object in the version that the caller speaks. version "" is the storage version.
struct ResourceRef {
  KindPtr kind;
  std::string version;
  std::string ns;
  std::string name;  // "" for a create whose object has the name, or a generateName
};

// Runs on the object in its storage version before it is validated: defaults that a schema cannot
// express, and checks across fields or against the old object. `old` is null on create.
// Errors: kInvalid with the fields.
class Admission {
 public:
  virtual ~Admission() = default;
  virtual Result<void> admit(const Kind& kind, Json& object, const Json* old) = 0;
};

class ResourceService {
 public:
  virtual ~ResourceService() = default;

  // Errors of all writes: kInvalid (with fields: the object breaks a rule; without: it cannot be
  // decoded), kNotFound (kind, namespace or object), kAlreadyExists, kConflict, kPermissionDenied
  // (namespace terminating), those of Store::commit.
  virtual Result<ObjectPtr> create(const ResourceRef& ref, Json object,
                                   const WriteOptions& options) = 0;
  virtual Result<ObjectPtr> update(const ResourceRef& ref, Json object,
                                   const WriteOptions& options) = 0;
  // Retries on conflict by itself unless the patch names a resourceVersion. A kApply patch creates
  // the object where it is absent; `created` tells.
  virtual Result<ObjectPtr> patch(const ResourceRef& ref, PatchType type, const Json& patch,
                                  const WriteOptions& options, bool* created = nullptr) = 0;
  // A merge patch and, on what that leads to, one of the status subresource, as two calls of
  // patch() would make them, but in one commit or not at all. An object that goes with the first of
  // the two (its last finalizer while it is being deleted) gets no status any more.
  virtual Result<ObjectPtr> patch_with_status(const ResourceRef& ref, const Json& patch,
                                              const Json& status, const WriteOptions& options) = 0;
  // Gives the object's last state, or its state with a deletionTimestamp where finalizers (or what
  // is left inside a namespace) hold it; `removed` tells which.
  virtual Result<ObjectPtr> remove(const ResourceRef& ref, const DeleteOptions& options,
                                   bool* removed = nullptr) = 0;

  virtual Result<ObjectPtr> get(const ResourceRef& ref) const = 0;
  // The autoscaling/v1 Scale of the object. Errors: kNotFound (also where the kind has no scale).
  virtual Result<ObjectPtr> get_scale(const ResourceRef& ref) const = 0;
  // The object in another served version.
  virtual Result<ObjectPtr> convert(const ObjectPtr& object, const Kind& kind,
                                    const std::string& version) const = 0;

  // Goes on with namespaces and CRDs whose deletion had begun. Called once, before serving.
  virtual Result<void> resume_deletions() = 0;

  virtual KindRegistry& kinds() = 0;
  virtual WatchCache& cache() = 0;
  virtual Clock& clock() = 0;
  // Compiled schemas, shared with what prints or explains objects.
  virtual SchemaCache& schemas() = 0;
};

// Converts an object between two versions of its kind. Sets apiVersion.
using ObjectConverter =
    std::function<Result<Json>(const Kind&, Json object, const std::string& to)>;

struct ResourceServiceOptions {
  Store& store;
  WatchCache& cache;
  KindRegistry& kinds;
  Clock& clock;
  Random& random;
  std::vector<std::shared_ptr<Admission>> admission;
  // Empty: the kinds' own rules (object/conversion.h), and where a kind has none, the versions have
  // the same fields.
  ObjectConverter converter = {};
  // Compiled schemas, which services with the same kinds may share; null: the service's own.
  std::shared_ptr<SchemaCache> schemas = nullptr;
};
std::unique_ptr<ResourceService> make_resource_service(ResourceServiceOptions options);

// The documents of a JSON array of CRDs, as capstan_embed_kinds makes them.
Result<std::vector<Json>> parse_kind_documents(std::string_view json);
// The kinds that every API server has by itself: namespaces, secrets, events, CRDs, ...
Result<std::vector<Json>> builtin_kind_documents();

// Starts an API from what is stored: takes the builtin kinds (besides those that are in the
// registry already: many services may share the same KindPtr) and those of the stored CRDs into the
// registry, writes the bundled CRDs where they differ from what is stored (by a hash in the
// annotation capstan.dev/hash), makes the namespaces that always exist, resumes deletions.
struct BootOptions {
  // CRD documents that are not objects. None: the service was booted before and gets more CRDs, so
  // what is stored is known to it.
  std::span<const Json> builtin_kinds = {};
  std::span<const Json> bundled_crds = {};  // CRD documents that become objects
  // More of them, as capstan_embed_kinds made them: a JSON array that is read only as far as it
  // differs from what is stored. Precondition: compact JSON.
  std::string_view embedded_crds = {};
  std::vector<std::string> namespaces = {"default", "kube-system", "kube-public",
                                         "kube-node-lease"};
  // Threads that write CRDs side by side, so that a store syncs several at once. With one, the
  // order of writes is that of the documents.
  size_t writers = 1;
};
Result<void> boot_resources(ResourceService& service, const BootOptions& options);

}  // namespace capstan
