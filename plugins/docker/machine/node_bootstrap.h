// Runs the bootstrap data in a node, once: it is copied into the node with a script that is started
// and left to itself; calls only look how far it is. A crash of the server in between loses
// nothing, since all state is in the node.
//
// Thread safety: from any thread, not for one node at the same time.
#pragma once

#include <string>
#include <vector>

#include "plugins/docker/backend.h"
#include "plugins/docker/cloudinit/script.h"
#include "plugins/docker/cloudinit/user_data.h"

namespace capstan::docker {

struct NodeBootstrap {
  std::string node = {};                 // the container's name
  UserData data = {};                    // adapted to the node
  std::vector<std::string> images = {};  // to load beforehand
  Milliseconds timeout = std::chrono::minutes(6);
};

// Nothing where the data was not copied yet or the script has not begun.
sdk::Expected<BootstrapState> bootstrap_state(Engine& engine, const std::string& node);

// Copies images and data into the node and starts the script. Repeating it is harmless: only one
// script goes on.
sdk::Step<sdk::Done> start_bootstrap(DockerBackend& backend, const NodeBootstrap& bootstrap);

// What the state of a started script means at that time. Errors: reason BootstrapFailed, terminal.
sdk::Step<sdk::Done> bootstrap_progress(const BootstrapState& state, const NodeBootstrap& bootstrap,
                                        int64_t now_seconds);

// Go's "1h2m3.5s" (the unit is needed); nothing for other texts.
std::optional<Milliseconds> parse_duration(std::string_view text);

}  // namespace capstan::docker
