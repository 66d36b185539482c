#include "sdk/conformance/shape.h"

#include <algorithm>

#include "runtime/base/clock.h"

namespace capstan::conformance {
namespace {

// Texts and numbers come from the world; that they are there is what counts.
Json shape_of_value(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().empty() ? "" : "text";
  if (value.is_number()) return "number";
  if (!value.is_structured()) return value;
  Json out = value;
  for (Json& item : out) item = shape_of_value(item);
  return out;
}

Json shape_of_conditions(const Json& conditions) {
  Json out = Json::object();
  for (const Json& condition : conditions) {
    if (!condition.is_object()) continue;
    out[get_string(condition, {"type"})] =
        get_string(condition, {"status"}) + " " + get_string(condition, {"reason"});
  }
  return out;
}

// Exactly what they are, but for times: when something began is another in each life.
Json shape_of_annotations(Json annotations) {
  for (Json& value : annotations) {
    if (value.is_string() && parse_time(value.get_ref<const std::string&>()).ok()) value = "a time";
  }
  return annotations;
}

bool condition_true(const Json& object, const char* type) {
  const Json* conditions = find(object, {"status", "conditions"});
  if (conditions == nullptr || !conditions->is_array()) return false;
  return std::any_of(conditions->begin(), conditions->end(), [&](const Json& c) {
    return get_string(c, {"type"}) == type && get_string(c, {"status"}) == "True";
  });
}

}  // namespace

Json shape_of(const Json& object) {
  Json out = Json::object();
  for (const auto& [name, value] : object.items()) {
    if (name != "metadata" && name != "status") out[name] = shape_of_value(value);
  }
  const Json metadata = object.value("metadata", Json::object());
  for (const char* name : {"labels", "finalizers"}) {
    if (metadata.contains(name)) out["metadata"][name] = metadata[name];
  }
  if (metadata.contains("annotations")) {
    out["metadata"]["annotations"] = shape_of_annotations(metadata["annotations"]);
  }
  out["metadata"]["owners"] = metadata.value("ownerReferences", Json::array()).size();
  out["metadata"]["deleting"] = metadata.contains("deletionTimestamp");
  const Json status = object.value("status", Json::object());  // items() only refers to it
  for (const auto& [name, value] : status.items()) {
    out["status"][name] = name == "conditions" ? shape_of_conditions(value) : shape_of_value(value);
  }
  return out;
}

Json shape_of_all(const Json& dump) {
  Json out = Json::object();
  for (const Json& object : dump) {
    const std::string kind = get_string(object, {"kind"});
    if (kind == "Event") continue;
    const bool generated =
        object.contains("metadata") && !get_string(object, {"metadata", "generateName"}).empty();
    const bool token = get_string(object, {"metadata", "name"}).starts_with("bootstrap-token-");
    if (generated || token) {
      out[kind + " with a generated name"] = get_int(out, {kind + " with a generated name"}) + 1;
    } else {
      out[kind + " " + get_string(object, {"metadata", "name"})] = shape_of(object);
    }
  }
  return out;
}

std::string first_difference(const Json& expected, const Json& seen) {
  if (expected == seen) return "";
  for (const Json& change : Json::diff(expected, seen)) {
    const std::string path = get_string(change, {"path"});
    const Json::json_pointer at(path);
    const auto text = [&](const Json& from) {
      return from.contains(at) ? dump_json(from[at]).substr(0, 200) : std::string("nothing");
    };
    return path + ": expected " + text(expected) + ", saw " + text(seen);
  }
  return "another value";
}

bool is_ready(const Json& object, ProviderRole role) {
  switch (role) {
    case ProviderRole::kInfraCluster:
      return get_bool(object, {"status", "initialization", "provisioned"}) ||
             get_bool(object, {"status", "ready"});
    case ProviderRole::kInfraMachine:
      return (get_bool(object, {"status", "initialization", "provisioned"}) ||
              get_bool(object, {"status", "ready"})) &&
             !get_string(object, {"spec", "providerID"}).empty();
    case ProviderRole::kBootstrapConfig:
      return (get_bool(object, {"status", "initialization", "dataSecretCreated"}) ||
              get_bool(object, {"status", "ready"})) &&
             !get_string(object, {"status", "dataSecretName"}).empty();
    case ProviderRole::kControlPlane:
      return get_bool(object, {"status", "initialization", "controlPlaneInitialized"}) ||
             get_bool(object, {"status", "initialized"});
    case ProviderRole::kResource:
      return condition_true(object, "Ready");
  }
  return false;
}

}  // namespace capstan::conformance
