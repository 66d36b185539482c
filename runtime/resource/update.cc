#include "runtime/object/object_tree.h"
#include "runtime/object/schema/field_errors.h"
#include "runtime/resource/builtin_rules.h"
#include "runtime/resource/crd_rules.h"
#include "runtime/resource/request_checks.h"
#include "runtime/resource/resource_errors.h"
#include "runtime/resource/resource_service_impl.h"
#include "runtime/resource/system_metadata.h"

namespace capstan {
namespace {

constexpr int kConflictTries = 16;

// Makes `into` equal to `from` but for one member, which stays, and metadata.managedFields.
void take_all_but(const char* kept, const Json& from, Json& into) {
  std::vector<std::string> gone;
  for (const auto& [name, value] : into.items()) {
    if (name != kept && !from.contains(name)) gone.push_back(name);
  }
  for (const std::string& name : gone) into.erase(name);
  for (const auto& [name, value] : from.items()) {
    if (name == kept) continue;
    Json& own = into[name];
    if (name != "metadata") {
      if (own != value) own = value;
      continue;
    }
    const auto managed = own.find("managedFields");
    std::optional<Json> fields;
    if (managed != own.end()) fields = std::move(*managed);
    own = value;
    if (fields.has_value()) {
      own["managedFields"] = std::move(*fields);
    } else {
      own.erase("managedFields");
    }
  }
}

// Takes from `next` what a write to the subresource may change, and all else from `live`; both in
// one version.
Json split_subresource(const Kind& kind, const std::string& subresource, const Json& live,
                       Json next) {
  if (subresource == "status" || subresource == "finalize") {
    // Most of it is equal already, and comparing costs less than copying.
    take_all_but(subresource == "status" ? "status" : "spec", live, next);
    return next;
  }
  if (kind.storage_version().status_subresource || is_crd_kind(kind.id)) {
    if (const auto status = live.find("status"); status != live.end()) {
      next["status"] = *status;
    } else {
      next.erase("status");
    }
  }
  return next;
}

// What a client wrote is looked at; what it sent back as it was is not.
void unpack_new_managed_fields(Json& next, const Json& live) {
  const Json* sent = find(next, {"metadata", "managedFields"});
  const Json* stored = find(live, {"metadata", "managedFields"});
  if (sent != nullptr && stored != nullptr && *sent == *stored) return;
  unpack_managed_fields(next);
}

bool has_namespace_finalizers(const Json& object) {
  const Json* finalizers = find(object, {"spec", "finalizers"});
  return finalizers != nullptr && !finalizers->empty();
}

Error resource_version_required(const Kind& kind, const std::string& name) {
  return invalid_object(
      kind.id, name,
      {field_invalid("metadata.resourceVersion", 0, "must be specified for an update")});
}

}  // namespace

Result<ObjectPtr> ResourceServiceImpl::update(const ResourceRef& ref, Json object,
                                              const WriteOptions& options) {
  const Target target = TRY(resolve(ref));
  if (options.subresource == "scale") {
    return replace_scale(target, TRY(live_object(target)), object, options);
  }
  TRY(check_object_type(object, target.api_version, target.kind->id.kind));
  Json& metadata = object["metadata"];
  TRY(check_object_place(metadata, target.key, target.kind->namespaced));
  metadata["name"] = target.key.name;
  const bool conditional = !get_string(metadata, {"resourceVersion"}).empty();
  for (int i = 0;; ++i) {
    const ObjectPtr live = TRY(live_object(target));
    if (!conditional && needs_resource_version(*target.kind)) {
      return resource_version_required(*target.kind, target.key.name);
    }
    if (conditional) return replace(target, live, std::move(object), options, false);
    Result<ObjectPtr> updated = replace(target, live, object, options, false);
    if (updated.code() != Code::kConflict || i == kConflictTries) return updated;
  }
}

Result<ObjectPtr> ResourceServiceImpl::replace(const Target& target, const ObjectPtr& live,
                                               Json next, const WriteOptions& options,
                                               bool applied) {
  const JsonPtr live_tree = live->tree();
  Json stored = TRY(successor(target, *live, *live_tree, std::move(next), options, applied));
  return commit_successor(target, live, std::move(stored), options.dry_run);
}

Result<Json> ResourceServiceImpl::successor(const Target& target, const Object& live,
                                            const Json& live_tree, Json next,
                                            const WriteOptions& options, bool applied) {
  const Kind& kind = *target.kind;
  const std::string& name = target.key.name;
  const Metadata& meta = live.meta();
  TRY(check_object_type(next, target.api_version, kind.id.kind));
  TRY(check_object_place(next["metadata"], target.key, kind.namespaced));
  const std::string uid = get_string(next, {"metadata", "uid"});
  if (!uid.empty() && uid != meta.uid) {
    return precondition_failed(kind, name, "UID", uid, meta.uid);
  }
  const std::string version = get_string(next, {"metadata", "resourceVersion"});
  if (!version.empty() && version != std::to_string(meta.resource_version)) {
    return object_modified(kind, name);
  }
  unpack_new_managed_fields(next, live_tree);
  TRY(shape_.prune(kind, *target.version, next, options));
  return finish_successor(target, live_tree, std::move(next), options, applied);
}

// The successor in its storage form.
Result<Json> ResourceServiceImpl::finish_successor(const Target& target, const Json& live,
                                                   Json next, const WriteOptions& options,
                                                   bool applied) {
  const Kind& kind = *target.kind;
  if (kind.namespaced) next["metadata"]["namespace"] = target.key.ns;
  next["metadata"]["name"] = target.key.name;
  if (!target.is_storage()) {
    TRY(shape_.apply_defaults(*target.version, next));
    const Json before = TRY(shape_.from_storage(kind, live, target.version->name));
    next = split_subresource(kind, options.subresource, before, std::move(next));
    keep_system_metadata(next, live);
    TRY(shape_.validate(kind, *target.version, next, &before));
    next = TRY(shape_.to_storage(kind, std::move(next)));
  }
  next = split_subresource(kind, options.subresource, live, std::move(next));
  keep_system_metadata(next, live);
  if (kind.stored_as.empty()) TRY(shape_.apply_defaults(kind.storage_version(), next));
  TRY(run_rules(target, next, &live));
  if (kind.stored_as.empty()) {
    TRY(shape_.validate(kind, kind.storage_version(), next, &live));
  }
  if (is_crd_kind(kind.id) && options.subresource.empty()) {
    TRY(prepare_crd(kind, next, &live, options_.kinds, options_.clock.now()));
  }
  advance_generation(kind, next, live);
  if (!applied) TRY(set_managed_fields(target, &live, next, options));
  return next;
}

Result<ObjectPtr> ResourceServiceImpl::commit_successor(const Target& target, const ObjectPtr& live,
                                                        Json next, bool dry_run) {
  const Kind& kind = *target.kind;
  const bool unchanged = next == *live->tree();
  ObjectPtr object = unchanged ? live : TRY(Object::from_json(std::move(next)));
  // What was too large before may become smaller, step by step.
  const size_t size = object->text().size();
  if (size > kLargestObject && size > live->text().size()) {
    return object_too_large(kind, target.key.name, size);
  }
  if (dry_run) return to_caller(target, object);
  const bool held = !object->meta().finalizers.empty() ||
                    (is_namespace_kind(kind.id) && has_namespace_finalizers(*object->tree()));
  if (object->meta().deleting() && !held) return to_caller(target, TRY(erase(kind, live)));
  if (unchanged) return to_caller(target, live);
  auto written = options_.store.commit(
      {{Write::Op::kUpdate, target.key, object, live->meta().resource_version}});
  if (written.code() == Code::kConflict) return object_modified(kind, target.key.name);
  if (written.code() == Code::kNotFound) return object_not_found(kind, target.key.name);
  if (!written.ok()) return std::move(written).error();
  // Few look at what was; those parse it again.
  live->drop_tree();
  after_write(kind, written->front());
  return to_caller(target, written->front());
}

Result<void> ResourceServiceImpl::run_rules(const Target& target, Json& object, const Json* old) {
  const Kind& kind = *target.kind;
  TRY(apply_builtin_rules(kind, object, old));
  if (kind.builtin) return {};
  for (const auto& admission : options_.admission) TRY(admission->admit(kind, object, old));
  return {};
}

Writer ResourceServiceImpl::writer_of(const Target& target, const WriteOptions& options) const {
  Writer writer;
  writer.manager = options.manager;
  writer.api_version = target.api_version;
  writer.subresource = options.subresource;
  writer.now = options_.clock.now();
  writer.has_status_subresource = target.version->status_subresource;
  return writer;
}

// Ownership is in terms of the version that the caller speaks.
Result<void> ResourceServiceImpl::set_managed_fields(const Target& target, const Json* live,
                                                     Json& object, const WriteOptions& options) {
  const Kind& kind = *target.kind;
  const ApplyTypes types = TRY(shape_.apply_types(kind, *target.version));
  const Writer writer = writer_of(target, options);
  static const Json kNone;
  if (target.is_storage()) {
    return update_managed_fields(live == nullptr ? kNone : *live, object, types, writer);
  }
  const std::string& version = target.version->name;
  const Json before = live == nullptr ? Json() : TRY(shape_.from_storage(kind, *live, version));
  Json after = TRY(shape_.from_storage(kind, object, version));
  TRY(update_managed_fields(before, after, types, writer));
  Json& metadata = object["metadata"];
  if (after["metadata"].contains("managedFields")) {
    metadata["managedFields"] = std::move(after["metadata"]["managedFields"]);
  } else {
    metadata.erase("managedFields");
  }
  return {};
}

void ResourceServiceImpl::after_write(const Kind& kind, const ObjectPtr& stored) {
  // The CRD was checked before it was stored, so its kind can be made.
  if (is_crd_kind(kind.id)) (void)register_crd(*stored, options_.kinds);
}

}  // namespace capstan
