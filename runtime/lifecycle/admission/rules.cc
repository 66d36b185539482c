#include "runtime/lifecycle/admission/rules.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/common/version.h"
#include "runtime/object/selector.h"

namespace capstan::lifecycle {
namespace {

constexpr char kMinSize[] = "cluster.x-k8s.io/cluster-api-autoscaler-node-group-min-size";
constexpr char kMaxSize[] = "cluster.x-k8s.io/cluster-api-autoscaler-node-group-max-size";

std::optional<int64_t> annotated_number(const Json& object, const char* name) {
  const std::string text = get_string(object, {"metadata", "annotations", name});
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

Json& object_at(Json& parent, std::initializer_list<std::string_view> path) {
  Json& value = make(parent, path);
  if (!value.is_object()) value = Json::object();
  return value;
}

}  // namespace

void FieldErrors::invalid(std::string field, std::string message) {
  errors_.push_back({std::move(field), "FieldValueInvalid", std::move(message)});
}

void FieldErrors::forbidden(std::string field, std::string message) {
  errors_.push_back({std::move(field), "FieldValueForbidden", std::move(message)});
}

void FieldErrors::required(std::string field, std::string message) {
  errors_.push_back({std::move(field), "FieldValueRequired", std::move(message)});
}

Result<void> FieldErrors::result() && {
  if (errors_.empty()) return {};
  std::string message;
  for (const FieldError& error : errors_) {
    if (!message.empty()) message += ", ";
    message += error.field + ": " + error.message;
  }
  Error error = Error::invalid(std::move(message));
  error.fields = std::move(errors_);
  return error;
}

std::string field_text(std::initializer_list<std::string_view> path) {
  std::string text;
  for (const std::string_view step : path) {
    if (!text.empty()) text += ".";
    text += step;
  }
  return text;
}

void admit_version(Json& object, std::initializer_list<std::string_view> path,
                   FieldErrors& errors) {
  std::string version = get_string(object, path);
  if (version.empty()) return;
  if (!version.starts_with("v")) version.insert(0, "v");
  make(object, path) = version;
  if (!parse_version(version)) {
    errors.invalid(field_text(path),
                   "\"" + version + "\" is not a semantic version; write it as v1.33.2");
  }
}

void keep(const Json& object, const Json* old, std::initializer_list<std::string_view> path,
          FieldErrors& errors) {
  if (old == nullptr) return;
  const Json* before = find(*old, path);
  const Json* after = find(object, path);
  if (before == nullptr) return;
  if (after == nullptr || *before != *after) {
    errors.forbidden(field_text(path), "field is immutable");
  }
}

void default_replicas(Json& object, const Json* old) {
  if (find(object, {"spec", "replicas"}) != nullptr) return;
  const auto min = annotated_number(object, kMinSize);
  const auto max = annotated_number(object, kMaxSize);
  int64_t replicas = 1;
  if (old != nullptr) {
    replicas = get_int(*old, {"spec", "replicas"}, 1);
    if (min && max) replicas = std::clamp(replicas, *min, std::max(*min, *max));
  } else if (min && max) {
    replicas = *min;
  }
  make(object, {"spec", "replicas"}) = replicas;
}

void check_replicas(const Json& object, FieldErrors& errors) {
  const int64_t replicas = get_int(object, {"spec", "replicas"}, 0);
  if (replicas < 0) {
    errors.invalid("spec.replicas", std::to_string(replicas) + " must be 0 or more");
  }
}

void admit_selector(Json& object, const char* label, FieldErrors& errors) {
  const std::string cluster = get_string(object, {"spec", "clusterName"});
  const std::string name = get_string(object, {"metadata", "name"});
  Json& selector = object_at(object, {"spec", "selector"});
  const bool expressions =
      selector.contains("matchExpressions") && !selector["matchExpressions"].empty();
  const bool labels = selector.contains("matchLabels") && !selector["matchLabels"].empty();
  Json& template_labels = object_at(object, {"spec", "template", "metadata", "labels"});
  if (!expressions && !labels) {
    make(object, {"spec", "selector", "matchLabels", label}) = name;
    template_labels[label] = name;
  }
  if (!cluster.empty()) {
    make(object, {"spec", "selector", "matchLabels", kClusterNameLabel}) = cluster;
    template_labels[kClusterNameLabel] = cluster;
    make(object, {"metadata", "labels", kClusterNameLabel}) = cluster;
  }
  const auto parsed = LabelSelector::from_json(*find(object, {"spec", "selector"}));
  if (!parsed.ok()) {
    errors.invalid("spec.selector", parsed.error().message);
    return;
  }
  Labels made;
  for (const auto& [key, value] : template_labels.items()) {
    if (value.is_string()) made[key] = value.get<std::string>();
  }
  if (!parsed->matches(made)) {
    errors.invalid("spec.template.metadata.labels",
                   "must match spec.selector (" + parsed->text() + ")");
  }
}

void admit_cluster_name(const Json& object, const Json* old, FieldErrors& errors) {
  keep(object, old, {"spec", "clusterName"}, errors);
  const std::string own = get_string(object, {"spec", "clusterName"});
  const std::string made = get_string(object, {"spec", "template", "spec", "clusterName"});
  if (own != made) {
    errors.invalid("spec.template.spec.clusterName",
                   "is \"" + made + "\" and must be spec.clusterName \"" + own + "\"");
  }
}

}  // namespace capstan::lifecycle
