#include "plugins/docker/client/containers.h"

#include <charconv>

#include "plugins/docker/labels.h"

namespace capstan::docker {
namespace {

using sdk::Code;
using sdk::find_at;
using sdk::string_at;

std::string container_path(const std::string& id, std::string_view rest = "") {
  return "/containers/" + percent_encoded(id) + std::string(rest);
}

void read_labels(const Json* labels, Container& out) {
  if (labels == nullptr || !labels->is_object()) return;
  for (const auto& [name, value] : labels->items()) {
    if (value.is_string()) out.labels[name] = value.get<std::string>();
  }
}

void read_networks(const Json& container, Container& out) {
  const Json* networks = find_at(container, "NetworkSettings/Networks");
  if (networks == nullptr || !networks->is_object()) return;
  for (const auto& [name, network] : networks->items()) {
    const std::string address = string_at(network, "IPAddress");
    const std::string ip6 = string_at(network, "GlobalIPv6Address");
    if (!address.empty()) out.addresses[name] = address;
    if (!ip6.empty()) out.ip6_addresses[name] = ip6;
  }
}

void read_ports(const Json& container, Container& out) {
  const Json* ports = find_at(container, "NetworkSettings/Ports");
  if (ports == nullptr || !ports->is_object()) return;
  for (const auto& [port, bindings] : ports->items()) {
    if (!bindings.is_array() || bindings.empty()) continue;
    const std::string text = string_at(bindings.front(), "HostPort");
    int value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    if (value > 0) out.published[port] = value;
  }
}

std::string without_slash(std::string name) {
  if (name.starts_with('/')) name.erase(0, 1);
  return name;
}

Container from_list(const Json& item) {
  Container out;
  out.id = string_at(item, "Id");
  out.image = string_at(item, "Image");
  out.state = string_at(item, "State");
  out.status = string_at(item, "Status");
  const Json* names = find_at(item, "Names");
  if (names != nullptr && names->is_array() && !names->empty() && names->front().is_string()) {
    out.name = without_slash(names->front().get<std::string>());
  }
  read_labels(find_at(item, "Labels"), out);
  read_networks(item, out);
  return out;
}

Container from_inspect(const Json& item) {
  Container out;
  out.id = string_at(item, "Id");
  out.name = without_slash(string_at(item, "Name"));
  out.image = string_at(item, "Config/Image");
  out.state = string_at(item, "State/Status");
  read_labels(find_at(item, "Config/Labels"), out);
  read_networks(item, out);
  read_ports(item, out);
  return out;
}

// Gone already is what was wanted.
Status gone_is_fine(Expected<EngineResponse> answer) {
  if (answer.ok() || answer.code() == Code::kNotFound) return {};
  return std::move(answer).error();
}
Status status_of(Expected<EngineResponse> answer) {
  if (answer.ok()) return {};
  return std::move(answer).error();
}

}  // namespace

Expected<std::vector<Container>> list_containers(Engine& engine, const Labels& labels,
                                                 const std::string& network) {
  Json filter = {{"label", Json::array()}};
  for (const auto& [name, value] : labels) filter["label"].push_back(name + "=" + value);
  if (!network.empty()) filter["network"].push_back(network);
  const std::string filters = sdk::dump_json(filter);
  const Json list = CAPSTAN_TRY(engine.call_json(
      {.path = "/containers/json" + query({{"all", "true"}, {"filters", filters}})},
      "listing containers"));
  std::vector<Container> out;
  if (!list.is_array()) return out;
  for (const Json& item : list) out.push_back(from_list(item));
  return out;
}

Expected<std::optional<Container>> inspect_container(Engine& engine, const std::string& id) {
  auto found =
      engine.call_json({.path = container_path(id, "/json")}, "inspecting container " + id);
  if (found.code() == Code::kNotFound) return std::optional<Container>();
  if (!found.ok()) return std::move(found).error();
  return std::optional(from_inspect(*found));
}

Expected<std::string> create_container(Engine& engine, const std::string& name,
                                       const Json& config) {
  const Json made =
      CAPSTAN_TRY(engine.call_json({.method = "POST",
                                    .path = "/containers/create" + query({{"name", name}}),
                                    .body = sdk::dump_json(config),
                                    .timeout = std::chrono::seconds(60)},
                                   "creating container " + name));
  return string_at(made, "Id");
}

Expected<bool> is_being_made(Engine& engine, const std::string& name, const std::string& image,
                             const Labels& labels) {
  const Json config = {
      {"Image", image}, {"Labels", labels}, {"HostConfig", {{"NetworkMode", "none"}}}};
  const auto made = create_container(engine, name, config);
  if (made.ok()) {
    CAPSTAN_TRY(remove_container(engine, *made));
    return false;
  }
  if (made.code() == Code::kNotFound)
    return false;  // nothing is made of an image that is not there
  if (made.code() != Code::kConflict) return made.error();
  const auto present = CAPSTAN_TRY(inspect_container(engine, name));
  const auto uid = labels.find(kUidLabel);
  return !present || (uid != labels.end() && present->label(kUidLabel) == uid->second);
}

Status start_container(Engine& engine, const std::string& id) {
  return status_of(engine.call(
      {.method = "POST", .path = container_path(id, "/start"), .timeout = std::chrono::seconds(60)},
      "starting container " + id));
}

Status remove_container(Engine& engine, const std::string& id) {
  return gone_is_fine(
      engine.call({.method = "DELETE",
                   .path = container_path(id, query({{"force", "true"}, {"v", "true"}})),
                   .timeout = std::chrono::seconds(60)},
                  "removing container " + id));
}

Status signal_container(Engine& engine, const std::string& id, const std::string& signal) {
  return status_of(engine.call(
      {.method = "POST", .path = container_path(id, "/kill" + query({{"signal", signal}}))},
      "sending " + signal + " to container " + id));
}

Status write_archive(Engine& engine, const std::string& id, const std::string& folder,
                     std::string tar) {
  return status_of(engine.call({.method = "PUT",
                                .path = container_path(id, "/archive" + query({{"path", folder}})),
                                .body = std::move(tar),
                                .content_type = "application/x-tar",
                                .timeout = std::chrono::seconds(60)},
                               "writing to " + folder + " of container " + id));
}

Expected<std::optional<std::string>> read_archive(Engine& engine, const std::string& id,
                                                  const std::string& path) {
  auto answer = engine.call({.path = container_path(id, "/archive" + query({{"path", path}}))},
                            "reading " + path + " of container " + id);
  if (answer.code() == Code::kNotFound) return std::optional<std::string>();
  if (!answer.ok()) return std::move(answer).error();
  return std::optional(std::move(answer->body));
}

Status run_detached(Engine& engine, const std::string& id,
                    const std::vector<std::string>& command) {
  const std::string what = "starting a program in container " + id;
  const Json made = CAPSTAN_TRY(engine.call_json(
      {.method = "POST",
       .path = container_path(id, "/exec"),
       .body = sdk::dump_json({{"Cmd", command}, {"AttachStdout", false}, {"Privileged", false}})},
      what));
  return status_of(engine.call({.method = "POST",
                                .path = "/exec/" + string_at(made, "Id") + "/start",
                                .body = R"({"Detach": true, "Tty": false})"},
                               what));
}

}  // namespace capstan::docker
