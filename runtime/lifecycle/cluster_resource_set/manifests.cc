#include "runtime/lifecycle/cluster_resource_set/manifests.h"

#include <map>

#include "runtime/base/text.h"
#include "runtime/yaml/yaml.h"

namespace capstan::lifecycle {
namespace {

constexpr char kSecretType[] = "addons.cluster.x-k8s.io/resource-set";

using Data = std::map<std::string, std::string>;

Result<void> add_values(const Object& resource, const char* field, bool encoded, Data& data) {
  const JsonPtr tree = resource.tree();
  const Json* values = find(*tree, {field});
  if (values == nullptr || !values->is_object()) return {};
  for (const auto& [key, value] : values->items()) {
    if (!value.is_string()) continue;
    const auto& text = value.get_ref<const std::string&>();
    if (!encoded) {
      data[key] = text;
      continue;
    }
    auto decoded = base64_decode(text);
    if (!decoded.ok()) {
      return std::move(decoded).error().with_context(resource.key().text() + ": key " + key);
    }
    data[key] = *std::move(decoded);
  }
  return {};
}

void take_apart(Json document, std::vector<Json>& objects) {
  if (!document.is_object() || document.empty()) return;
  const Json* items = find(document, {"items"});
  if (items == nullptr || !items->is_array() || !get_string(document, {"kind"}).ends_with("List")) {
    objects.push_back(std::move(document));
    return;
  }
  for (const Json& item : *items) take_apart(item, objects);
}

}  // namespace

Result<Manifests> read_manifests(const Object& resource) {
  const bool secret = resource.kind() == "Secret";
  if (secret && get_string(*resource.tree(), {"type"}) != kSecretType) {
    return Error::invalid(resource.key().text() + ": type is not " + kSecretType +
                          ", so it is not applied; make the Secret again with this type");
  }
  Data data;
  TRY(add_values(resource, "data", secret, data));
  TRY(add_values(resource, "binaryData", true, data));
  Manifests manifests;
  std::string all;
  for (const auto& [key, value] : data) {
    all += key + "\n" + value + "\n";
    auto documents = parse_yaml_documents(value);
    if (!documents.ok()) {
      return std::move(documents).error().with_context(resource.key().text() + ": key " + key);
    }
    for (Json& document : *documents) take_apart(std::move(document), manifests.objects);
  }
  manifests.hash = "sha256:" + hex_encode(sha256(all));
  return manifests;
}

}  // namespace capstan::lifecycle
