#include "runtime/resource/resource_service_impl.h"

#include "runtime/resource/resource_errors.h"

namespace capstan {

namespace {

ResourceServiceOptions with_schemas(ResourceServiceOptions options) {
  if (options.schemas == nullptr) options.schemas = std::make_shared<SchemaCache>();
  return options;
}

}  // namespace

ResourceServiceImpl::ResourceServiceImpl(ResourceServiceOptions options)
    : options_(with_schemas(std::move(options))),
      converter_(options_.kinds),
      shape_(*options_.schemas, [this](const Kind& kind, Json object, const std::string& to) {
        if (options_.converter) return options_.converter(kind, std::move(object), to);
        return converter_.convert(kind, std::move(object), to);
      }) {}

Result<ResourceServiceImpl::Target> ResourceServiceImpl::resolve(const ResourceRef& ref) const {
  if (ref.kind == nullptr) {
    return Error::not_found("the server could not find the requested resource");
  }
  Target target;
  target.kind = ref.kind;
  target.version =
      ref.version.empty() ? &ref.kind->storage_version() : ref.kind->version(ref.version);
  if (target.version == nullptr) {
    return Error::not_found(ref.kind->id.text() + " has no version " + ref.version);
  }
  target.key = {ref.kind->stored_id(), ref.kind->namespaced ? ref.ns : "", ref.name};
  target.api_version = GroupVersion{ref.kind->id.group, target.version->name}.text();
  return target;
}

Result<ObjectPtr> ResourceServiceImpl::live_object(const Target& target) const {
  ObjectPtr live = options_.cache.get(target.key);
  if (live == nullptr) return object_not_found(*target.kind, target.key.name);
  return live;
}

Result<ObjectPtr> ResourceServiceImpl::to_caller(const Target& target,
                                                 const ObjectPtr& stored) const {
  return convert(stored, *target.kind, target.version->name);
}

Result<ObjectPtr> ResourceServiceImpl::convert(const ObjectPtr& object, const Kind& kind,
                                               const std::string& version) const {
  const std::string api_version = GroupVersion{kind.id.group, version}.text();
  if (object->api_version() == api_version) return object;
  return Object::from_json(TRY(shape_.from_storage(kind, *object->tree(), version)));
}

Result<ObjectPtr> ResourceServiceImpl::get(const ResourceRef& ref) const {
  const Target target = TRY(resolve(ref));
  return to_caller(target, TRY(live_object(target)));
}

std::unique_ptr<ResourceService> make_resource_service(ResourceServiceOptions options) {
  return std::make_unique<ResourceServiceImpl>(std::move(options));
}

}  // namespace capstan
