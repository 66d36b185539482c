#include "runtime/server/plugin_objects.h"

#include <algorithm>

namespace capstan {
namespace {

constexpr const char* kConfigManager = "capstan-config";
constexpr const char* kOwnManager = "capstan-plugins";
constexpr const char* kApiVersion = "capstan.dev/v1alpha1";

WriteOptions as(const char* manager) {
  WriteOptions options;
  options.manager = manager;
  options.force = true;
  return options;
}

Json manifest_of(const std::string& name, const char* source, Json spec) {
  return {{"apiVersion", kApiVersion},
          {"kind", kPluginKind.kind},
          {"metadata", {{"name", name}, {"annotations", {{kSourceAnnotation, source}}}}},
          {"spec", std::move(spec)}};
}

WantedPlugin wanted_of(const Object& object) {
  WantedPlugin out;
  out.reload = object.meta().annotation(kReloadAnnotation);
  out.unquarantine = object.meta().annotation(kUnquarantineAnnotation);
  out.source = object.meta().annotation(kSourceAnnotation);
  out.introduced = !object.meta().annotation(kIntroducedAnnotation).empty();
  const JsonPtr tree = object.tree();
  const Json* spec = find(*tree, {"spec"});
  Json item = spec == nullptr ? Json::object() : *spec;
  item["name"] = object.meta().name;
  auto config = PluginConfig::from_json(item, "spec");
  if (config.ok()) {
    out.config = *std::move(config);
  } else {
    out.error = config.error();
    out.config.name = object.meta().name;
  }
  return out;
}

void set_ready(Json& object, const PluginReport& report, Instant now) {
  Condition ready{.type = "Ready", .reason = report.state, .message = report.message};
  ready.status = report.state == "Running" ? kTrue : kFalse;
  set_condition(object, std::move(ready), now);
  Condition up_to_date{.type = "UpToDate", .message = report.not_up_to_date};
  up_to_date.status = report.not_up_to_date.empty() ? kTrue : kFalse;
  up_to_date.reason = report.not_up_to_date.empty() ? "UpToDate" : "CannotChange";
  set_condition(object, std::move(up_to_date), now);
}

}  // namespace

Json plugin_status(const PluginReport& report, Json present, int64_t generation, Instant now) {
  Json object = {{"metadata", {{"generation", generation}}}, {"status", Json::object()}};
  Json& status = object["status"];
  if (const Json* conditions = find(present, {"conditions"})) status["conditions"] = *conditions;
  set_ready(object, report, now);
  status["state"] = report.state;
  status["observedGeneration"] = generation;
  const auto text = [&](const char* field, const std::string& value) {
    if (!value.empty()) status[field] = value;
  };
  text("message", report.message);
  text("version", report.version);
  text("file", report.file);
  text("digest", report.digest);
  text("isolation", report.isolation);
  text("observedReload", report.reload);
  if (!report.notices.empty()) status["notices"] = report.notices;
  if (!report.pinned.empty()) status["pinned"] = report.pinned;
  return status;
}

ResourceRef PluginObjects::ref(const std::string& name) const {
  return {resources_.kinds().find(kPluginKind), "", "", name};
}

Result<void> PluginObjects::apply_one(const PluginConfig& plugin) {
  TRY(resources_.patch(ref(plugin.name), PatchType::kApply,
                       manifest_of(plugin.name, "config", plugin.written), as(kConfigManager)));
  return {};
}

Result<void> PluginObjects::apply_config(const std::vector<PluginConfig>& plugins) {
  std::set<std::string> named;
  for (const PluginConfig& plugin : plugins) {
    named.insert(plugin.name);
    TRY(apply_one(plugin));
  }
  for (const ObjectPtr& object : resources_.cache().list(kPluginKind).items) {
    const bool from_config = object->meta().annotation(kSourceAnnotation) == "config";
    if (!from_config || named.contains(object->meta().name)) continue;
    const auto removed = resources_.remove(ref(object->meta().name), {});
    if (!removed.ok() && removed.code() != Code::kNotFound) return removed.error();
  }
  return {};
}

Result<void> PluginObjects::ensure_bundled(const std::string& name, bool enabled) {
  if (resources_.cache().get({kPluginKind, "", name}) != nullptr) return {};
  const auto made = resources_.create(
      ref(name), manifest_of(name, "bundled", {{"enabled", enabled}}), as(kOwnManager));
  if (made.ok() || made.code() == Code::kAlreadyExists) return {};
  return made.error();
}

Result<void> PluginObjects::mark_introduced(const std::string& name) {
  TRY(resources_.patch(ref(name), PatchType::kMerge,
                       {{"metadata", {{"annotations", {{kIntroducedAnnotation, "true"}}}}}},
                       as(kOwnManager)));
  return {};
}

std::vector<WantedPlugin> PluginObjects::wanted() const {
  std::vector<WantedPlugin> out;
  for (const ObjectPtr& object : resources_.cache().list(kPluginKind).items) {
    if (!object->meta().deleting()) out.push_back(wanted_of(*object));
  }
  return out;
}

Result<void> PluginObjects::report(const std::string& name, const PluginReport& report) {
  const ObjectPtr object = resources_.cache().get({kPluginKind, "", name});
  if (object == nullptr) return {};
  const JsonPtr tree = object->tree();
  const Json* status = find(*tree, {"status"});
  const Json present = status == nullptr ? Json::object() : *status;
  const Json wanted =
      plugin_status(report, present, object->meta().generation, resources_.clock().now());
  if (wanted == present) return {};
  WriteOptions options = as(kOwnManager);
  options.subresource = "status";
  const Json patch = {{"status", merge_diff(present, wanted)}};
  const auto written = resources_.patch(ref(name), PatchType::kMerge, patch, options);
  if (written.ok() || written.code() == Code::kNotFound) return {};
  return written.error();
}

}  // namespace capstan
