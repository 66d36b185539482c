#include "runtime/resource/builtin_rules.h"
#include "runtime/resource/crd_rules.h"
#include "runtime/resource/resource_errors.h"
#include "runtime/resource/resource_service_impl.h"
#include "runtime/resource/system_metadata.h"

namespace capstan {
namespace {

constexpr int kConflictTries = 16;
constexpr std::string_view kForegroundFinalizer = "foregroundDeletion";
constexpr std::string_view kOrphanFinalizer = "orphan";

void set_finalizer(Json& finalizers, std::string_view name, bool present) {
  const auto found = std::find(finalizers.begin(), finalizers.end(), Json(name));
  if (present && found == finalizers.end()) finalizers.push_back(name);
  if (!present && found != finalizers.end()) finalizers.erase(found);
}

// What the garbage collector shall do with the object's dependents, said by a finalizer.
void set_propagation(Json& object, Propagation propagation) {
  if (propagation == Propagation::kDefault) return;
  Json& metadata = object["metadata"];
  Json finalizers = metadata.value("finalizers", Json::array());
  set_finalizer(finalizers, kForegroundFinalizer, propagation == Propagation::kForeground);
  set_finalizer(finalizers, kOrphanFinalizer, propagation == Propagation::kOrphan);
  if (finalizers.empty()) {
    metadata.erase("finalizers");
  } else {
    metadata["finalizers"] = std::move(finalizers);
  }
}

Result<void> check_preconditions(const Kind& kind, const Metadata& meta,
                                 const DeleteOptions& options) {
  if (!options.uid.empty() && options.uid != meta.uid) {
    return precondition_failed(kind, meta.name, "UID", options.uid, meta.uid);
  }
  if (options.resource_version != 0 && options.resource_version != meta.resource_version) {
    return precondition_failed(kind, meta.name, "ResourceVersion",
                               std::to_string(options.resource_version),
                               std::to_string(meta.resource_version));
  }
  return {};
}

}  // namespace

Result<ObjectPtr> ResourceServiceImpl::remove(const ResourceRef& ref, const DeleteOptions& options,
                                              bool* removed) {
  const Target target = TRY(resolve(ref));
  bool gone = false;
  for (int i = 0;; ++i) {
    Result<ObjectPtr> result = remove_once(target, options, &gone);
    const bool lost = result.code() == Code::kConflict && options.resource_version == 0;
    if (lost && i < kConflictTries) continue;
    if (removed != nullptr) *removed = gone && result.ok();
    if (!result.ok()) return result;
    return to_caller(target, *result);
  }
}

// Gives the object in its storage form.
Result<ObjectPtr> ResourceServiceImpl::remove_once(const Target& target,
                                                   const DeleteOptions& options, bool* removed) {
  const Kind& kind = *target.kind;
  const ObjectPtr live = TRY(live_object(target));
  TRY(check_preconditions(kind, live->meta(), options));
  *removed = false;
  if (options.dry_run) return live;
  if (is_namespace_kind(kind.id)) return begin_namespace_deletion(target, live);
  if (is_crd_kind(kind.id)) return begin_crd_deletion(target, live);
  Json next = *live->tree();
  set_propagation(next, options.propagation);
  if (next["metadata"].value("finalizers", Json::array()).empty()) {
    *removed = true;
    return erase(kind, live);
  }
  if (!live->meta().deleting()) set_deletion_metadata(kind, next, options_.clock.now());
  if (next == *live->tree()) return live;
  auto written = options_.store.commit(
      {{Write::Op::kUpdate, target.key, TRY(Object::from_json(std::move(next))),
        live->meta().resource_version}});
  if (written.code() == Code::kConflict) return object_modified(kind, target.key.name);
  if (!written.ok()) return std::move(written).error();
  return written->front();
}

Result<ObjectPtr> ResourceServiceImpl::erase(const Kind& kind, const ObjectPtr& live) {
  const ObjectKey key{kind.stored_id(), live->meta().ns, live->meta().name};
  auto written =
      options_.store.commit({{Write::Op::kDelete, key, nullptr, live->meta().resource_version}});
  if (written.code() == Code::kConflict) return object_modified(kind, key.name);
  if (written.code() == Code::kNotFound) return object_not_found(kind, key.name);
  if (!written.ok()) return std::move(written).error();
  after_erase(kind, written->front());
  return written->front();
}

}  // namespace capstan
