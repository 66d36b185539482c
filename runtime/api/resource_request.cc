#include "runtime/api/resource_request.h"

#include <charconv>

#include "runtime/api/request_body.h"
#include "runtime/object/schema/field_errors.h"

namespace capstan {
namespace {

Result<bool> dry_run(const std::vector<std::string>& values, const char* options_kind) {
  for (const std::string& value : values) {
    if (value == "All") continue;
    return invalid_object({"meta.k8s.io", options_kind}, "",
                          {field_not_supported("dryRun", value, {"All"})});
  }
  return !values.empty();
}

// What kubectl and other Go clients do not name is told by their User-Agent: "kubectl/v1.34 ...".
std::string default_manager(const HttpRequest& request) {
  const std::string_view agent = request.header("user-agent");
  const std::string_view name = agent.substr(0, agent.find('/'));
  return name.empty() ? "unknown" : std::string(name.substr(0, 128));
}

Result<Propagation> parse_propagation(const std::string& text) {
  if (text.empty()) return Propagation::kDefault;
  if (text == "Background") return Propagation::kBackground;
  if (text == "Foreground") return Propagation::kForeground;
  if (text == "Orphan") return Propagation::kOrphan;
  return invalid_object(
      {"meta.k8s.io", "DeleteOptions"}, "",
      {field_not_supported("propagationPolicy", text, {"Foreground", "Background", "Orphan"})});
}

}  // namespace

std::string verb_of(const std::string& method, const ResourcePath& path,
                    const RequestTarget& target) {
  const bool named = !path.name.empty();
  if (method == "GET") {
    if (named && !path.subresource.empty()) return "get";
    if (target.flag("watch")) return "watch";
    return named ? "get" : "list";
  }
  if (method == "POST") return "create";
  if (method == "PUT") return named ? "update" : "";
  if (method == "PATCH") return named ? "patch" : "";
  if (method == "DELETE") return named ? "delete" : "deletecollection";
  return "";
}

Result<WriteOptions> write_options(const ResourceRequest& request) {
  WriteOptions options;
  options.manager = request.target.get("fieldManager");
  if (options.manager.size() > 128) {
    return invalid_object({"meta.k8s.io", "WriteOptions"}, "",
                          {field_too_long("fieldManager", 128)});
  }
  if (options.manager.empty()) options.manager = default_manager(request.http());
  options.dry_run = TRY(dry_run(request.target.all("dryRun"), "WriteOptions"));
  options.force = request.target.flag("force");
  options.subresource = request.path.subresource;
  const std::string validation = request.target.get("fieldValidation");
  if (validation.empty() || validation == "Warn") {
    options.field_validation = FieldValidation::kWarn;
  } else if (validation == "Strict") {
    options.field_validation = FieldValidation::kStrict;
  } else if (validation == "Ignore") {
    options.field_validation = FieldValidation::kIgnore;
  } else {
    return invalid_object(
        {"meta.k8s.io", "WriteOptions"}, "",
        {field_not_supported("fieldValidation", validation, {"Ignore", "Warn", "Strict"})});
  }
  return options;
}

Result<DeleteOptions> delete_options(const ResourceRequest& request) {
  DeleteOptions options;
  const DecodedBody body =
      TRY(decode_body(request.http().header("content-type"), request.http().body));
  const Json& json = body.value;
  std::string policy = get_string(json, {"propagationPolicy"});
  if (policy.empty()) policy = request.target.get("propagationPolicy");
  options.propagation = TRY(parse_propagation(policy));
  if (policy.empty() && find(json, {"orphanDependents"}) != nullptr) {
    options.propagation =
        get_bool(json, {"orphanDependents"}) ? Propagation::kOrphan : Propagation::kBackground;
  }
  std::vector<std::string> dry = request.target.all("dryRun");
  if (const Json* list = find(json, {"dryRun"}); list != nullptr && list->is_array()) {
    for (const Json& item : *list) dry.push_back(item.is_string() ? item.get<std::string>() : "");
  }
  options.dry_run = TRY(dry_run(dry, "DeleteOptions"));
  options.uid = get_string(json, {"preconditions", "uid"});
  const std::string version = get_string(json, {"preconditions", "resourceVersion"});
  const char* end = version.data() + version.size();
  const auto parsed = std::from_chars(version.data(), end, options.resource_version);
  const bool whole = parsed.ec == std::errc() && parsed.ptr == end && options.resource_version != 0;
  if (!version.empty() && !whole) {
    return Error::invalid("preconditions.resourceVersion \"" + version +
                          "\" was not given by this server");
  }
  return options;
}

}  // namespace capstan
