// Networks of the engine.
//
// Thread safety: as Engine.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plugins/docker/client/containers.h"

namespace capstan::docker {

struct Network {
  std::string id = {};
  std::string name = {};
  Labels labels = {};
  std::vector<std::string> subnets = {};  // "172.18.0.0/16"
};

// By exact name; nothing where there is none.
Expected<std::optional<Network>> find_network(Engine& engine, const std::string& name);
// Whether containers of the network can have the IPv4 address.
bool holds_address(const Network& network, const std::string& address);
// A bridge with the first range of addresses that is free, on the host called br-NAME where that is
// short enough for an interface. A network that exists already is fine.
Status create_network(Engine& engine, const std::string& name, const Labels& labels);
// False where containers are still attached; what is gone already is fine.
Expected<bool> remove_network(Engine& engine, const std::string& id);

}  // namespace capstan::docker
