#include "plugins/docker/client/networks.h"

namespace capstan::docker {

using sdk::Code;
using sdk::string_at;

Expected<std::optional<Network>> find_network(Engine& engine, const std::string& name) {
  // The filter finds parts of names, too.
  const std::string filters = sdk::dump_json({{"name", {name}}});
  const Json list = CAPSTAN_TRY(engine.call_json(
      {.path = "/networks" + query({{"filters", filters}})}, "looking for network " + name));
  for (const Json& item : list) {
    if (string_at(item, "Name") != name) continue;
    Network network{string_at(item, "Id"), name, {}};
    const Json* labels = sdk::find_at(item, "Labels");
    if (labels != nullptr && labels->is_object()) {
      for (const auto& [key, value] : labels->items()) {
        if (value.is_string()) network.labels[key] = value.get<std::string>();
      }
    }
    return std::optional(std::move(network));
  }
  return std::optional<Network>();
}

Status create_network(Engine& engine, const std::string& name, const Labels& labels) {
  const Json body = {{"Name", name},
                     {"CheckDuplicate", true},
                     {"Driver", "bridge"},
                     {"Labels", labels},
                     {"Options", {{"com.docker.network.bridge.enable_ip_masquerade", "true"}}}};
  auto answer =
      engine.call({.method = "POST", .path = "/networks/create", .body = sdk::dump_json(body)},
                  "creating network " + name);
  if (answer.ok() || answer.code() == Code::kConflict) return {};
  return std::move(answer).error();
}

Expected<bool> remove_network(Engine& engine, const std::string& id) {
  auto answer = engine.call({.method = "DELETE", .path = "/networks/" + percent_encoded(id)},
                            "removing network " + id);
  if (answer.ok() || answer.code() == Code::kNotFound) return true;
  // "has active endpoints" is a 403 and, since Docker 27, a 409.
  if (answer.code() == Code::kPermissionDenied || answer.code() == Code::kConflict) return false;
  return std::move(answer).error();
}

}  // namespace capstan::docker
