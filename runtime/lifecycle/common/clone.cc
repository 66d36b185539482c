#include "runtime/lifecycle/common/clone.h"

#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/common/owner_references.h"

namespace capstan::lifecycle {

std::string cloned_kind(const std::string& template_kind) {
  constexpr std::string_view kSuffix = "Template";
  if (!template_kind.ends_with(kSuffix)) return "";
  return template_kind.substr(0, template_kind.size() - kSuffix.size());
}

Result<Json> clone_template(const Object& template_object, const CloneOptions& options) {
  const ObjectKey key = template_object.key();
  const std::string kind = cloned_kind(key.kind.kind);
  if (kind.empty()) return Error::invalid(key.text() + " is no template: its kind should end so");
  const JsonPtr tree = template_object.tree();
  const Json* source = find(*tree, {"spec", "template"});
  if (source == nullptr || !source->is_object()) {
    return Error::invalid(key.text() + " has no spec.template to make objects of");
  }
  Json object = {{"apiVersion", template_object.api_version()}, {"kind", kind}};
  if (const Json* spec = find(*source, {"spec"})) object["spec"] = *spec;
  Json& meta = object["metadata"];
  meta = {{"name", options.name}, {"namespace", key.ns}};
  Json& labels = meta["labels"];
  const Json* own_labels = find(*source, {"metadata", "labels"});
  labels = own_labels != nullptr && own_labels->is_object() ? *own_labels : Json::object();
  labels.update(options.labels);
  labels[kClusterNameLabel] = options.cluster_name;
  Json& annotations = meta["annotations"];
  const Json* own_notes = find(*source, {"metadata", "annotations"});
  annotations = own_notes != nullptr && own_notes->is_object() ? *own_notes : Json::object();
  annotations.update(options.annotations);
  annotations[kClonedFromName] = key.name;
  annotations[kClonedFromGroupKind] = key.kind.text();
  if (!options.owners.empty()) meta["ownerReferences"] = owners_json(options.owners);
  return object;
}

}  // namespace capstan::lifecycle
