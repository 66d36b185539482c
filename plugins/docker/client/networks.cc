#include "plugins/docker/client/networks.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <vector>

namespace capstan::docker {

using sdk::Code;
using sdk::Error;
using sdk::string_at;

Expected<std::optional<Network>> find_network(Engine& engine, const std::string& name) {
  // The filter finds parts of names, too.
  const std::string filters = sdk::dump_json({{"name", {name}}});
  const Json list = CAPSTAN_TRY(engine.call_json(
      {.path = "/networks" + query({{"filters", filters}})}, "looking for network " + name));
  for (const Json& item : list) {
    if (string_at(item, "Name") != name) continue;
    Network network{string_at(item, "Id"), name, {}, {}};
    const Json* labels = sdk::find_at(item, "Labels");
    if (labels != nullptr && labels->is_object()) {
      for (const auto& [key, value] : labels->items()) {
        if (value.is_string()) network.labels[key] = value.get<std::string>();
      }
    }
    const Json* ranges = sdk::find_at(item, "IPAM/Config");
    if (ranges != nullptr && ranges->is_array()) {
      for (const Json& range : *ranges) network.subnets.push_back(string_at(range, "Subnet"));
    }
    return std::optional(std::move(network));
  }
  return std::optional<Network>();
}

namespace {

std::optional<uint32_t> parse_ip4(const std::string& text) {
  in_addr address{};
  if (inet_pton(AF_INET, text.c_str(), &address) != 1) return std::nullopt;
  return ntohl(address.s_addr);
}

bool in_subnet(const std::string& subnet, uint32_t address) {
  const size_t slash = subnet.find('/');
  if (slash == std::string::npos) return false;
  const auto first = parse_ip4(subnet.substr(0, slash));
  int bits = 0;
  const char* end = subnet.data() + subnet.size();
  if (!first || std::from_chars(subnet.data() + slash + 1, end, bits).ptr != end) return false;
  if (bits < 1 || bits > 32) return false;
  return (*first ^ address) >> (32 - bits) == 0;
}

// Address ranges for a network, outside of what cluster templates give to pods (192.168.0.0/16) and
// services (10.128.0.0/12): an engine that chooses for itself comes to those sooner or later, and a
// cluster whose pods have its nodes' addresses dies after its first minute.
std::vector<std::string> subnets() {
  std::vector<std::string> out;
  for (int i = 18; i < 32; ++i) out.push_back("172." + std::to_string(i) + ".0.0/16");
  for (int i = 200; i < 220; ++i) out.push_back("10." + std::to_string(i) + ".0.0/16");
  return out;
}

// What the host calls the network's bridge, so that packet filter rules can name it before it
// exists. Interface names have 15 characters at most (IFNAMSIZ); else the engine chooses.
Json options(const std::string& name) {
  constexpr size_t kLongest = 15;
  Json out = {{"com.docker.network.bridge.enable_ip_masquerade", "true"}};
  const std::string bridge = "br-" + name;
  if (bridge.size() <= kLongest) out["com.docker.network.bridge.name"] = bridge;
  return out;
}

bool overlaps(const Error& error) {
  return (error.summary + error.detail).find("overlaps") != std::string::npos;
}

}  // namespace

bool holds_address(const Network& network, const std::string& address) {
  const auto wanted = parse_ip4(address);
  return wanted && std::any_of(network.subnets.begin(), network.subnets.end(),
                               [&](const auto& subnet) { return in_subnet(subnet, *wanted); });
}

Status create_network(Engine& engine, const std::string& name, const Labels& labels) {
  Json body = {{"Name", name},
               {"CheckDuplicate", true},
               {"Driver", "bridge"},
               {"Labels", labels},
               {"Options", options(name)}};
  for (const std::string& subnet : subnets()) {
    body["IPAM"]["Config"] = Json::array({{{"Subnet", subnet}}});
    auto answer =
        engine.call({.method = "POST", .path = "/networks/create", .body = sdk::dump_json(body)},
                    "creating network " + name);
    if (answer.ok() || answer.code() == Code::kConflict) return {};
    if (!overlaps(answer.error())) return std::move(answer).error();
  }
  return Error::make(Code::kResourceExhausted, "no address range is free for network " + name,
                     "Remove networks that are not used (docker network prune), or make the "
                     "network yourself and name it in the setting `network`.");
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
