#include "runtime/object/apply/apply.h"
#include "runtime/object/object_tree.h"
#include "runtime/object/patch/json_patch.h"
#include "runtime/object/patch/strategic_merge.h"
#include "runtime/resource/builtin_rules.h"
#include "runtime/resource/request_checks.h"
#include "runtime/resource/resource_errors.h"
#include "runtime/resource/resource_service_impl.h"

namespace capstan {
namespace {

constexpr int kConflictTries = 16;

// Whether the patch itself says on which state it builds.
bool names_resource_version(PatchType type, const Json& patch) {
  if (type != PatchType::kJson) {
    return !get_string(patch, {"metadata", "resourceVersion"}).empty();
  }
  return patch.is_array() && std::any_of(patch.begin(), patch.end(), [](const Json& operation) {
           return get_string(operation, {"path"}) == "/metadata/resourceVersion";
         });
}

// A patch that fits the format but not the object is the object's error (422), not the format's.
Error unprocessable(Error error) {
  if (error.fields.empty()) error.fields.push_back({"", "FieldValueInvalid", error.message});
  return error;
}

// Whether a JSON patch has a step at, above or below metadata.managedFields.
bool looks_into_managed_fields(const Json& patch) {
  const auto hits = [](const std::string& path) {
    return path.empty() || path == "/metadata" || path.starts_with("/metadata/managedFields");
  };
  return patch.is_array() && std::any_of(patch.begin(), patch.end(), [&](const Json& operation) {
           return hits(get_string(operation, {"path"})) ||
                  hits(get_string(operation, {"from"}, "/"));
         });
}

Result<void> apply_patch(const Kind& kind, PatchType type, Json& object, const Json& patch) {
  if (type == PatchType::kJson) {
    if (looks_into_managed_fields(patch)) unpack_managed_fields(object);
    Result<void> applied = apply_json_patch(object, patch);
    if (!applied.ok()) return unprocessable(std::move(applied).error());
    return {};
  }
  if (!patch.is_object()) {
    return Error::invalid("the patch must be a JSON object, not " + std::string(patch.type_name()));
  }
  if (type == PatchType::kStrategicMerge) {
    return apply_strategic_merge_patch(kind.id, object, patch);
  }
  merge_patch(object, patch);
  return {};
}

// Who writes spec and status as one looked at the spec that it writes: where that makes a new
// generation, it is the one that was observed.
void observe_generation(Json& status_patch, int64_t before, int64_t now) {
  const auto raise = [&](Json& place) {
    const auto observed = place.is_object() ? place.find("observedGeneration") : place.end();
    if (observed != place.end() && *observed == before) *observed = now;
  };
  const auto status = status_patch.find("status");
  if (before == now || status == status_patch.end() || !status->is_object()) return;
  raise(*status);
  const auto conditions = status->find("conditions");
  if (conditions == status->end() || !conditions->is_array()) return;
  for (Json& condition : *conditions) raise(condition);
}

// Being deleted, with nothing that holds it.
bool is_going(const Json& object) {
  const Json* finalizers = find(object, {"metadata", "finalizers"});
  return !get_string(object, {"metadata", "deletionTimestamp"}).empty() &&
         (finalizers == nullptr || finalizers->empty());
}

}  // namespace

Result<ObjectPtr> ResourceServiceImpl::patch(const ResourceRef& ref, PatchType type,
                                             const Json& patch, const WriteOptions& options,
                                             bool* created) {
  Target target = TRY(resolve(ref));
  if (created != nullptr) *created = false;
  if (type == PatchType::kStrategicMerge && !target.kind->builtin) {
    return Error{Code::kUnimplemented,
                 "strategic merge patches are for builtin kinds; send " + target.kind->id.text() +
                     " a merge patch (application/merge-patch+json) instead",
                 {},
                 {}};
  }
  const bool conditional = names_resource_version(type, patch);
  for (int i = 0;; ++i) {
    bool made = false;
    Result<ObjectPtr> result = type == PatchType::kApply
                                   ? apply_once(target, patch, options, &made)
                                   : patch_once(target, type, patch, options, &made);
    // Field conflicts of an apply have fields; a lost race has none. A create that lost its race
    // against another create is tried again as an update.
    const bool lost = (result.code() == Code::kConflict && result.error().fields.empty()) ||
                      (made && result.code() == Code::kAlreadyExists);
    if (lost && !conditional && i < kConflictTries) continue;
    if (created != nullptr) *created = made && result.ok();
    return result;
  }
}

Result<ObjectPtr> ResourceServiceImpl::patch_once(const Target& target, PatchType type,
                                                  const Json& patch, const WriteOptions& options,
                                                  bool*) {
  const ObjectPtr live = TRY(live_object(target));
  if (options.subresource == "scale") {
    Json scale = *TRY(scale_of(target, live))->tree();
    TRY(apply_patch(*target.kind, type, scale, patch));
    return replace_scale(target, live, scale, options);
  }
  Json next = *TRY(to_caller(target, live))->tree();
  TRY(apply_patch(*target.kind, type, next, patch));
  return replace(target, live, std::move(next), options, false);
}

Result<ObjectPtr> ResourceServiceImpl::patch_with_status(const ResourceRef& ref, const Json& patch,
                                                         const Json& status,
                                                         const WriteOptions& options) {
  const Target target = TRY(resolve(ref));
  const bool conditional = names_resource_version(PatchType::kMerge, patch) ||
                           names_resource_version(PatchType::kMerge, status);
  for (int i = 0;; ++i) {
    Result<ObjectPtr> result = patch_with_status_once(target, patch, status, options);
    const bool lost = result.code() == Code::kConflict && result.error().fields.empty();
    if (!lost || conditional || i == kConflictTries) return result;
  }
}

Result<ObjectPtr> ResourceServiceImpl::patch_with_status_once(const Target& target,
                                                              const Json& patch, const Json& status,
                                                              const WriteOptions& options) {
  const Kind& kind = *target.kind;
  const ObjectPtr live = TRY(live_object(target));
  const JsonPtr live_tree = live->tree();
  Json next = TRY(shape_.from_storage(kind, *live_tree, target.version->name));
  TRY(apply_patch(kind, PatchType::kMerge, next, patch));
  Json stored = TRY(successor(target, *live, *live_tree, std::move(next), options, false));
  if (!is_going(stored)) {
    WriteOptions of_status = options;
    of_status.subresource = "status";
    Json observed = status;
    observe_generation(observed, live->meta().generation,
                       get_int(stored, {"metadata", "generation"}));
    next = TRY(shape_.from_storage(kind, stored, target.version->name));
    TRY(apply_patch(kind, PatchType::kMerge, next, observed));
    stored = TRY(successor(target, *live, stored, std::move(next), of_status, false));
  }
  return commit_successor(target, live, std::move(stored), options.dry_run);
}

Result<ObjectPtr> ResourceServiceImpl::apply_once(Target& target, const Json& applied,
                                                  const WriteOptions& options, bool* created) {
  const Kind& kind = *target.kind;
  Json config = applied;
  unpack_managed_fields(config);
  TRY(check_object_type(config, target.api_version, kind.id.kind));
  TRY(check_object_place(config["metadata"], target.key, kind.namespaced));
  config["metadata"]["name"] = target.key.name;
  if (kind.namespaced) config["metadata"]["namespace"] = target.key.ns;
  TRY(shape_.prune(kind, *target.version, config, options));

  const ObjectPtr live = options_.cache.get(target.key);
  const ApplyTypes types = TRY(shape_.apply_types(kind, *target.version));
  const Writer writer = writer_of(target, options);
  if (live == nullptr) {
    if (!options.subresource.empty()) return object_not_found(kind, target.key.name);
    *created = true;
    Json object = TRY(server_side_apply(Json(), config, types, writer, options.force));
    return create_named(target, std::move(object), options, true);
  }
  const ObjectPtr current = TRY(to_caller(target, live));
  const std::string version = get_string(config, {"metadata", "resourceVersion"});
  if (!version.empty() && version != std::to_string(live->meta().resource_version)) {
    return object_modified(kind, target.key.name);
  }
  config["metadata"].erase("resourceVersion");
  Json next = TRY(server_side_apply(*current->tree(), config, types, writer, options.force));
  return replace(target, live, std::move(next), options, true);
}

}  // namespace capstan
