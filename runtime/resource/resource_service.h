// The write path, and what reads need beyond the cache: everything that Kubernetes' API semantics
// ask of a create, update, patch, apply or delete, for the HTTP face and for the runtime's own
// controllers alike.
//
// A write goes: decode -> convert to the storage version -> prune -> default -> validate ->
// admission -> managed fields -> commit through the Store with optimistic concurrency. Reads come
// from the WatchCache and are converted to the version asked for.
//
// Thread safety: all members from any thread; they block until the store has committed.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/random.h"
#include "runtime/object/kind.h"
#include "runtime/object/object.h"
#include "runtime/store/store.h"
#include "runtime/store/watch_cache.h"

namespace capstan {

enum class FieldValidation { kIgnore, kWarn, kStrict };
enum class PatchType { kMerge, kJson, kStrategicMerge, kApply };
enum class Propagation { kBackground, kForeground, kOrphan };

// Common to all writes. What the request came with, and what the answer carries besides the object.
struct WriteOptions {
  std::string manager = "capstan";  // fieldManager, for managedFields
  bool dry_run = false;
  bool force = false;  // apply: take conflicting fields
  FieldValidation field_validation = FieldValidation::kStrict;
  std::string subresource;                       // "", "status" or "scale"
  std::vector<std::string>* warnings = nullptr;  // unknown fields under kWarn, deprecations
};

struct DeleteOptions {
  Propagation propagation = Propagation::kBackground;
  std::string uid;                // precondition, "" for none
  Revision resource_version = 0;  // precondition, 0 for none
  bool dry_run = false;
};

// Names an object in the version that the caller speaks. version "" is the storage version.
struct ResourceRef {
  KindPtr kind;
  std::string version;
  std::string ns;
  std::string name;
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

  // Errors of all writes: kInvalid with the fields, kNotFound (kind, namespace or object),
  // kAlreadyExists, kConflict, kPermissionDenied (namespace terminating), those of Store::commit.
  virtual Result<ObjectPtr> create(const ResourceRef& ref, const Json& object,
                                   const WriteOptions& options) = 0;
  virtual Result<ObjectPtr> update(const ResourceRef& ref, const Json& object,
                                   const WriteOptions& options) = 0;
  // Retries on conflict by itself unless the patch names a resourceVersion. A kApply patch creates
  // the object where it is absent; `created` tells.
  virtual Result<ObjectPtr> patch(const ResourceRef& ref, PatchType type, const Json& patch,
                                  const WriteOptions& options, bool* created = nullptr) = 0;
  // Gives the object's last state, or its state with a deletionTimestamp where finalizers hold it.
  virtual Result<ObjectPtr> remove(const ResourceRef& ref, const DeleteOptions& options) = 0;

  virtual Result<ObjectPtr> get(const ResourceRef& ref) const = 0;
  // The object in another served version.
  virtual Result<ObjectPtr> convert(const ObjectPtr& object, const Kind& kind,
                                    const std::string& version) const = 0;

  virtual KindRegistry& kinds() = 0;
  virtual WatchCache& cache() = 0;
};

struct ResourceServiceOptions {
  Store& store;
  WatchCache& cache;
  KindRegistry& kinds;
  Clock& clock;
  Random& random;
  std::vector<std::shared_ptr<Admission>> admission;
};
std::unique_ptr<ResourceService> make_resource_service(ResourceServiceOptions options);

}  // namespace capstan
