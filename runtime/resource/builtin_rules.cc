#include "runtime/resource/builtin_rules.h"

#include "runtime/base/text.h"
#include "runtime/object/schema/field_errors.h"

namespace capstan {
namespace {

Result<void> secret_rules(const Kind& kind, Json& secret, const Json* old) {
  const std::string name = get_string(secret, {"metadata", "name"});
  if (const auto texts = secret.find("stringData"); texts != secret.end()) {
    if (texts->is_object()) {
      Json& data = make(secret, {"data"});
      if (!data.is_object()) data = Json::object();
      for (const auto& [key, value] : texts->items()) {
        if (value.is_string()) data[key] = base64_encode(value.get_ref<const std::string&>());
      }
    }
    secret.erase("stringData");
  }
  if (get_string(secret, {"type"}).empty()) secret["type"] = "Opaque";
  if (old != nullptr && secret["type"] != get_string(*old, {"type"}, "Opaque")) {
    return invalid_object(kind.id, name,
                          {field_invalid("type", secret["type"], "field is immutable")});
  }
  return {};
}

Result<void> immutable_data(const Kind& kind, const Json& object, const Json* old) {
  if (old == nullptr || !get_bool(*old, {"immutable"})) return {};
  for (const char* field : {"data", "binaryData", "immutable"}) {
    const Json* now = find(object, {field});
    const Json* before = find(*old, {field});
    const bool same =
        (now == nullptr) == (before == nullptr) && (now == nullptr || *now == *before);
    if (same) continue;
    return invalid_object(kind.id, get_string(object, {"metadata", "name"}),
                          {field_forbidden(field, "field is immutable when `immutable` is set")});
  }
  return {};
}

void namespace_rules(Json& object, const Json* old) {
  if (old == nullptr) {
    make(object, {"spec", "finalizers"}) = Json::array({kNamespaceFinalizer});
    object["status"] = {{"phase", "Active"}};
    object["metadata"]["labels"]["kubernetes.io/metadata.name"] = object["metadata"]["name"];
  } else if (!old->contains("spec")) {
    object.erase("spec");
  }
}

}  // namespace

bool is_namespace_kind(const GroupKind& id) {
  return id.group.empty() && id.kind == "Namespace";
}

bool is_crd_kind(const GroupKind& id) {
  return id.group == "apiextensions.k8s.io" && id.kind == "CustomResourceDefinition";
}

Result<void> apply_builtin_rules(const Kind& kind, Json& object, const Json* old) {
  if (!kind.builtin || !kind.id.group.empty()) return {};
  if (kind.id.kind == "Secret") TRY(secret_rules(kind, object, old));
  if (kind.id.kind == "Secret" || kind.id.kind == "ConfigMap") {
    TRY(immutable_data(kind, object, old));
  }
  if (kind.id.kind == "Namespace") namespace_rules(object, old);
  return {};
}

bool needs_resource_version(const Kind& kind) {
  return !kind.builtin || kind.id.group == "coordination.k8s.io" || is_crd_kind(kind.id);
}

bool create_drops_status(const Kind& kind, const KindVersion& version) {
  return version.status_subresource && !(kind.builtin && kind.id.kind == "Node");
}

}  // namespace capstan
