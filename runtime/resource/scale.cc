#include "runtime/base/text.h"
#include "runtime/object/schema/field_errors.h"
#include "runtime/object/selector.h"
#include "runtime/resource/resource_errors.h"
#include "runtime/resource/resource_service_impl.h"

namespace capstan {
namespace {

// ".spec.replicas" -> the member, or null.
const Json* at_path(const Json& object, const std::string& path) {
  const Json* at = &object;
  for (const std::string& step : split(path, '.')) {
    if (step.empty()) continue;
    at = find(*at, {step});
    if (at == nullptr) return nullptr;
  }
  return at;
}

void set_path(Json& object, const std::string& path, Json value) {
  Json* at = &object;
  for (const std::string& step : split(path, '.')) {
    if (!step.empty()) at = &make(*at, {step});
  }
  *at = std::move(value);
}

// The selector as text: CRDs keep a string, builtin kinds a LabelSelector.
std::string selector_text(const Json* selector) {
  if (selector == nullptr) return "";
  if (selector->is_string()) return selector->get<std::string>();
  const auto parsed = LabelSelector::from_json(*selector);
  return parsed.ok() ? parsed->text() : "";
}

Result<const ScaleSubresource*> scale_paths(const Kind& kind, const KindVersion& version) {
  if (version.scale) return &*version.scale;
  return Error::not_found(group_resource(kind) + " has no scale subresource");
}

}  // namespace

Result<ObjectPtr> ResourceServiceImpl::get_scale(const ResourceRef& ref) const {
  const Target target = TRY(resolve(ref));
  return scale_of(target, TRY(live_object(target)));
}

Result<ObjectPtr> ResourceServiceImpl::scale_of(const Target& target,
                                                const ObjectPtr& stored) const {
  const ScaleSubresource* paths = TRY(scale_paths(*target.kind, *target.version));
  const ObjectPtr object = TRY(to_caller(target, stored));
  const JsonPtr tree = object->tree();
  Json scale = {{"apiVersion", "autoscaling/v1"}, {"kind", "Scale"}};
  Json& metadata = scale["metadata"];
  for (const char* field : {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"}) {
    if (const Json* value = find(*tree, {"metadata", field})) metadata[field] = *value;
  }
  const Json* wanted = at_path(*tree, paths->spec_replicas_path);
  const Json* observed = at_path(*tree, paths->status_replicas_path);
  scale["spec"] = Json::object();
  if (wanted != nullptr && wanted->is_number()) scale["spec"]["replicas"] = *wanted;
  scale["status"] = {
      {"replicas", observed != nullptr && observed->is_number() ? *observed : Json(0)}};
  if (!paths->label_selector_path.empty()) {
    const std::string selector = selector_text(at_path(*tree, paths->label_selector_path));
    if (!selector.empty()) scale["status"]["selector"] = selector;
  }
  return Object::from_json(std::move(scale));
}

Result<ObjectPtr> ResourceServiceImpl::replace_scale(const Target& target, const ObjectPtr& live,
                                                     const Json& scale,
                                                     const WriteOptions& options) {
  const ScaleSubresource* paths = TRY(scale_paths(*target.kind, *target.version));
  const Json* replicas = find(scale, {"spec", "replicas"});
  const Json wanted = replicas == nullptr || replicas->is_null() ? Json(0) : *replicas;
  if (!wanted.is_number_integer() || wanted.get<int64_t>() < 0) {
    return invalid_object(
        {"autoscaling", "Scale"}, target.key.name,
        {field_invalid("spec.replicas", wanted, "must be greater than or equal to 0")});
  }
  Json next = *TRY(to_caller(target, live))->tree();
  const std::string version = get_string(scale, {"metadata", "resourceVersion"});
  if (!version.empty()) next["metadata"]["resourceVersion"] = version;
  const std::string uid = get_string(scale, {"metadata", "uid"});
  if (!uid.empty()) next["metadata"]["uid"] = uid;
  set_path(next, paths->spec_replicas_path, wanted);
  const ObjectPtr scaled = TRY(replace(target, live, std::move(next), options, false));
  return scale_of(target, scaled);
}

}  // namespace capstan
