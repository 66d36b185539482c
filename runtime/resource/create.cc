#include "runtime/object/object_tree.h"
#include "runtime/resource/builtin_rules.h"
#include "runtime/resource/crd_rules.h"
#include "runtime/resource/request_checks.h"
#include "runtime/resource/resource_errors.h"
#include "runtime/resource/resource_service_impl.h"
#include "runtime/resource/system_metadata.h"

namespace capstan {
namespace {

const GroupKind kNamespaceKind{"", "Namespace"};
const GroupKind kCrdKind{"apiextensions.k8s.io", "CustomResourceDefinition"};

}  // namespace

Result<ObjectPtr> ResourceServiceImpl::create(const ResourceRef& ref, Json object,
                                              const WriteOptions& options) {
  Target target = TRY(resolve(ref));
  TRY(check_object_type(object, target.api_version, target.kind->id.kind));
  unpack_managed_fields(object);
  Json& metadata = object["metadata"];
  if (!get_string(metadata, {"resourceVersion"}).empty()) {
    return Error::invalid("resourceVersion should not be set on objects to be created");
  }
  TRY(check_object_place(metadata, target.key, target.kind->namespaced));
  const std::string prefix = get_string(metadata, {"generateName"});
  const std::string name = get_string(metadata, {"name"}, target.key.name);
  if (!name.empty() || prefix.empty()) {
    metadata["name"] = target.key.name = name;
    return create_named(target, std::move(object), options, false);
  }
  constexpr int kTries = 8;
  for (int i = 0;; ++i) {
    target.key.name = generate_name(prefix, options_.random);
    metadata["name"] = target.key.name;
    Result<ObjectPtr> created = create_named(target, object, options, false);
    if (created.code() != Code::kAlreadyExists || i + 1 == kTries) return created;
  }
}

Result<ObjectPtr> ResourceServiceImpl::create_named(Target& target, Json object,
                                                    const WriteOptions& options, bool applied) {
  const Kind& kind = *target.kind;
  // Rules and schemas take time, in which what the object would be in may go: looked at first, for
  // an early answer, and again by the store.
  const Surroundings within = TRY(surroundings(target));
  Json stored = TRY(finish_new(target, std::move(object), options, applied));
  if (options_.cache.get(target.key) != nullptr) return object_exists(kind, target.key.name);
  ObjectPtr created = TRY(Object::from_json(std::move(stored)));
  const size_t size = created->text().size();
  if (size > kLargestObject) return object_too_large(kind, target.key.name, size);
  if (options.dry_run) return to_caller(target, created);
  auto written = options_.store.commit({{Write::Op::kCreate, target.key, created, 0, within}});
  if (written.code() == Code::kAlreadyExists) return object_exists(kind, target.key.name);
  if (written.code() == Code::kFailedPrecondition) TRY(surroundings(target));
  if (!written.ok()) return std::move(written).error();
  after_write(kind, written->front());
  return to_caller(target, written->front());
}

Result<ResourceServiceImpl::Surroundings> ResourceServiceImpl::surroundings(
    const Target& target) const {
  const Kind& kind = *target.kind;
  Surroundings found;
  if (!kind.builtin) {
    found[1] = options_.cache.get({kCrdKind, "", kind.crd_name()});
    if (found[1] != nullptr && found[1]->meta().deleting()) {
      return kind_terminating(kind, target.key.name);
    }
  }
  if (!kind.namespaced || options_.kinds.find(kNamespaceKind) == nullptr) return found;
  found[0] = options_.cache.get({kNamespaceKind, "", target.key.ns});
  if (found[0] == nullptr) return namespace_not_found(target.key.ns);
  if (found[0]->meta().deleting()) {
    return namespace_terminating(kind, target.key.name, target.key.ns);
  }
  return found;
}

// The object in its storage form, ready to be stored.
Result<Json> ResourceServiceImpl::finish_new(const Target& target, Json object,
                                             const WriteOptions& options, bool applied) {
  const Kind& kind = *target.kind;
  const KindVersion& version = *target.version;
  TRY(shape_.prune(kind, version, object, options));
  if (target.kind->namespaced) object["metadata"]["namespace"] = target.key.ns;
  set_system_metadata(kind, object, options_.clock, options_.random);
  if (create_drops_status(kind, version)) object.erase("status");
  TRY(shape_.apply_defaults(version, object));
  if (!target.is_storage()) {
    TRY(shape_.validate(kind, version, object, nullptr));
    object = TRY(shape_.to_storage(kind, std::move(object)));
    if (kind.stored_as.empty()) TRY(shape_.apply_defaults(kind.storage_version(), object));
  }
  TRY(run_rules(target, object, nullptr));
  if (kind.stored_as.empty()) {
    TRY(shape_.validate(kind, kind.storage_version(), object, nullptr));
  }
  if (is_crd_kind(kind.id)) {
    TRY(prepare_crd(kind, object, nullptr, options_.kinds, options_.clock.now()));
  }
  if (!applied) TRY(set_managed_fields(target, nullptr, object, options));
  return object;
}

}  // namespace capstan
