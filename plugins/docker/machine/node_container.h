// How a node's container is made: rights, mounts, network and labels.
//
// Thread safety: functions of values.
#pragma once

#include <capstan/json.h>

#include <string>
#include <vector>

#include "plugins/docker/client/containers.h"
#include "plugins/docker/settings.h"

namespace capstan::docker {

struct ExtraMount {
  std::string container_path = {};
  std::string host_path = {};
  bool read_only = false;
};

struct NodeContainer {
  std::string name = {};  // and its host name
  std::string image = {};
  Labels labels = {};
  bool control_plane = false;
  bool privileged = true;
  std::vector<ExtraMount> mounts = {};
};

// `extraMounts` of a machine's spec.
std::vector<ExtraMount> read_mounts(const Json& spec);

// The body of the engine's create call.
Json node_container_config(const NodeContainer& node, const Settings& settings);

// True where a container did not start because the engine may not give it all rights: in a virtual
// machine or container whose own bounding set is smaller.
bool refuses_privileged(const Error& error);

}  // namespace capstan::docker
