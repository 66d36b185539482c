#include "sdk/conformance/sample_object.h"

#include <re2/re2.h>

#include <algorithm>

namespace capstan::conformance {
namespace {

// What fields with a pattern or a format usually want.
constexpr const char* kGuesses[] = {"a",
                                    "example",
                                    "example-1",
                                    "1",
                                    "10",
                                    "v1.34.2",
                                    "1.34.2",
                                    "10.0.0.1",
                                    "10.0.0.0/16",
                                    "example.invalid",
                                    "1Gi",
                                    "1h",
                                    "10s",
                                    "A",
                                    "https://example.invalid",
                                    "a/b",
                                    "aaaaaaaa",
                                    "example:///one",
                                    "True",
                                    "2026-01-01T00:00:00Z",
                                    "0123456789",
                                    "abcdef.0123456789abcdef"};

std::string padded(std::string text, int64_t size) {
  while (static_cast<int64_t>(text.size()) < size) text += 'a';
  return text;
}

Result<Json> text_value(const Json& schema, const std::string& at) {
  const int64_t least = get_int(schema, {"minLength"});
  const std::string format = get_string(schema, {"format"});
  if (format == "date-time") return Json("2026-01-01T00:00:00Z");
  if (format == "uri") return Json("https://example.invalid");
  const std::string pattern = get_string(schema, {"pattern"});
  if (pattern.empty()) return Json(padded("example", least));
  const re2::RE2 expression(pattern, re2::RE2::Quiet);
  for (const char* guess : kGuesses) {
    const std::string text = padded(guess, least);
    if (expression.ok() && re2::RE2::PartialMatch(text, expression)) return Json(text);
  }
  return Error::invalid("no value for " + at + " with pattern " + pattern +
                        "; give one in `samples` of conformance.yaml");
}

Result<Json> object_value(const Json& schema, const std::string& at) {
  Json out = Json::object();
  const Json* properties = find(schema, {"properties"});
  const Json* required = find(schema, {"required"});
  if (required == nullptr || properties == nullptr) return out;
  for (const Json& name : *required) {
    const auto property = properties->find(name.get<std::string>());
    if (property == properties->end() || property->contains("default")) continue;
    out[name.get<std::string>()] =
        TRY(smallest_value(*property, at + "/" + name.get<std::string>()));
  }
  return out;
}

Result<Json> list_value(const Json& schema, const std::string& at) {
  Json out = Json::array();
  for (int64_t i = 0; i < get_int(schema, {"minItems"}); ++i) {
    const Json* items = find(schema, {"items"});
    out.push_back(items == nullptr ? Json::object()
                                   : TRY(smallest_value(*items, at + "/" + std::to_string(i))));
  }
  return out;
}

const Json* schema_of(const Json& crd) {
  const Json* versions = find(crd, {"spec", "versions"});
  if (versions == nullptr) return nullptr;
  for (const Json& version : *versions) {
    if (get_bool(version, {"storage"})) return find(version, {"schema", "openAPIV3Schema"});
  }
  return nullptr;
}

std::string storage_version(const Json& crd) {
  for (const Json& version : crd["spec"]["versions"]) {
    if (get_bool(version, {"storage"})) return get_string(version, {"name"});
  }
  return "";
}

const Json* property(const Json* schema, const std::string& name) {
  return schema == nullptr ? nullptr : find(*schema, {"properties", name});
}

// Makes what `when` asks for, with what the schema requires inside of it.
Result<void> satisfy(const When& when, const Json& schema, Json& object) {
  if (when.exists && !*when.exists) return {};
  Json* value = &object;
  const Json* node = &schema;
  std::string at;
  for (const std::string& step : when.path) {
    node = property(node, step);
    at += "/" + step;
    if (!value->contains(step)) {
      (*value)[step] = node == nullptr ? Json::object() : TRY(smallest_value(*node, at));
    }
    value = &(*value)[step];
  }
  if (when.equals) *value = *when.equals;
  return {};
}

}  // namespace

Result<Json> smallest_value(const Json& schema, const std::string& at) {
  if (const auto given = schema.find("default"); given != schema.end()) return *given;
  if (const Json* choices = find(schema, {"enum"}); choices != nullptr && !choices->empty()) {
    return choices->front();
  }
  const std::string type = get_string(schema, {"type"});
  if (type == "object") return object_value(schema, at);
  if (type == "array") return list_value(schema, at);
  if (type == "boolean") return Json(false);
  if (type == "integer" || type == "number" || get_bool(schema, {"x-kubernetes-int-or-string"})) {
    const int64_t most = get_int(schema, {"maximum"}, INT64_MAX);
    return Json(std::min(most, std::max<int64_t>(1, get_int(schema, {"minimum"}, 1))));
  }
  if (type == "string") return text_value(schema, at);
  return Json::object();
}

Result<Json> smallest_object(const Manifest& manifest, const ReconcileEntry& entry) {
  for (const Json& crd : manifest.kinds) {
    if (get_string(crd, {"spec", "group"}) != entry.kind.group ||
        get_string(crd, {"spec", "names", "kind"}) != entry.kind.kind) {
      continue;
    }
    const Json* schema = schema_of(crd);
    Json object = {{"apiVersion", entry.kind.group + "/" + storage_version(crd)},
                   {"kind", entry.kind.kind},
                   {"spec", Json::object()}};
    if (schema == nullptr) return object;
    if (const Json* spec = property(schema, "spec")) {
      object["spec"] = TRY(smallest_value(*spec, "/spec"));
    }
    if (entry.when) TRY(satisfy(*entry.when, *schema, object));
    return object;
  }
  return Error::not_found("the manifest has no CustomResourceDefinition of " + entry.kind.text());
}

}  // namespace capstan::conformance
