#include "tests/kinds/random_object.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <vector>

namespace capstan::test {

namespace {

// A bound of the schema, or what stands in for it.
int64_t bound(const Json& schema, const char* name, int64_t fallback) {
  return schema.value(name, fallback);
}

bool is_required(const Json& schema, const std::string& name) {
  const Json* required = find(schema, {"required"});
  return required != nullptr && std::ranges::find(*required, Json(name)) != required->end();
}

void collect_scalars(const Json& value, const std::string& pointer,
                     std::vector<std::string>& into) {
  if (value.is_structured()) {
    for (const auto& [name, inner] : value.items()) {
      collect_scalars(inner, pointer + "/" + name, into);
    }
  } else {
    into.push_back(pointer);
  }
}

}  // namespace

Json RandomObject::make(const Json& schema, const std::string& api_version,
                        const std::string& kind) {
  Json object = object_value(schema, "");
  object["apiVersion"] = api_version;
  object["kind"] = kind;
  object["metadata"] = {{"name", "thing"}, {"namespace", "default"}, {"uid", "u-1"}};
  if (chance(50)) object["metadata"]["annotations"] = {{"other", "kept"}};
  return object;
}

Json RandomObject::value(const Json& schema, const std::string& path) {
  const std::string type = schema.value("type", "");
  if (type == "object") return object_value(schema, path);
  if (type == "array") return list_value(schema, path);
  if (type == "string") return text_value(schema, path);
  if (type == "boolean") return chance(50);
  if (type == "integer") {
    const int64_t least = bound(schema, "minimum", 0);
    const int64_t most = std::min(bound(schema, "maximum", least + 900), least + 900);
    return chance(20) ? least : least + below(static_cast<int>(most - least) + 1);
  }
  // Integer or text, or anything at all.
  return chance(50) ? Json(below(90)) : Json(std::to_string(below(90)) + "%");
}

Json RandomObject::object_value(const Json& schema, const std::string& path) {
  Json object = Json::object();
  const bool needs_one = bound(schema, "minProperties", 0) > 0;
  if (const Json* values = find(schema, {"additionalProperties"}); values != nullptr) {
    for (int left = below(3); left > 0; --left) {
      object["key" + std::to_string(below(20))] = value(*values, path + "{}");
    }
    return object;
  }
  const Json* fields = find(schema, {"properties"});
  if (fields == nullptr || fields->empty()) return object;
  for (const auto& [name, inner] : fields->items()) {
    if (path.empty() && (name == "apiVersion" || name == "kind" || name == "metadata")) continue;
    if (!is_required(schema, name) && !chance(path.empty() ? 85 : 45)) continue;
    object[name] = value(inner, path.empty() ? name : path + "." + name);
  }
  if (needs_one && object.empty()) {
    const auto first = std::next(fields->begin(), below(static_cast<int>(fields->size())));
    object[first.key()] = value(*first, path.empty() ? first.key() : path + "." + first.key());
  }
  return object;
}

Json RandomObject::list_value(const Json& schema, const std::string& path) {
  Json list = Json::array();
  std::set<std::string> keys;
  const int64_t least = bound(schema, "minItems", 0);
  for (int64_t left = least + below(3); left > 0; --left) {
    Json item = value(schema.at("items"), path + "[]");
    if (const Json* names = find(schema, {"x-kubernetes-list-map-keys"}); names != nullptr) {
      std::string key;
      for (const Json& name : *names) {
        key += item.value(name.get<std::string>(), Json()).dump() + " ";
      }
      if (!keys.insert(key).second) continue;
    }
    list.push_back(std::move(item));
  }
  return list;
}

Json RandomObject::text_value(const Json& schema, const std::string& path) {
  if (const Json* values = find(schema, {"enum"}); values != nullptr) {
    return values->at(static_cast<size_t>(below(static_cast<int>(values->size()))));
  }
  if (durations_.contains(path)) {
    static const std::vector<std::string> kDurations = {"0s",   "10s", "90s",  "10m",  "10m0s",
                                                        "1.5s", "0",   "1h5m", "300ms"};
    return kDurations[static_cast<size_t>(below(static_cast<int>(kDurations.size())))];
  }
  if (path.ends_with("apiVersion")) return "group.example/v1beta" + std::to_string(1 + below(2));
  if (path.ends_with("namespace") && chance(50)) return "default";
  if (bound(schema, "minLength", 0) == 0 && chance(15)) return "";
  return "text" + std::to_string(below(100000));
}

std::string RandomObject::change_something(Json& object) {
  std::vector<std::string> pointers;
  for (const auto& [name, inner] : object.items()) {
    if (name != "apiVersion" && name != "kind" && name != "metadata") {
      collect_scalars(inner, "/" + name, pointers);
    }
  }
  std::erase_if(pointers, [&](const std::string& pointer) {
    const Json& scalar = object.at(Json::json_pointer(pointer));
    return !scalar.is_boolean() && !scalar.is_number_integer();
  });
  if (pointers.empty()) return "";
  const auto chosen = static_cast<size_t>(below(static_cast<int>(pointers.size())));
  const std::string pointer = pointers[chosen];
  Json& scalar = object.at(Json::json_pointer(pointer));
  scalar = scalar.is_boolean() ? Json(!scalar.get<bool>()) : Json(scalar.get<int64_t>() + 1000);
  return pointer;
}

}  // namespace capstan::test
