// Copies images of the engine into a node, before its bootstrap data runs: the bootstrap script
// imports them into containerd.
//
// Thread safety: as Engine.
#pragma once

#include <string>
#include <vector>

#include "plugins/docker/client/engine.h"
#include "plugins/docker/client/image_puller.h"

namespace capstan::docker {

// Done once all are in the node; one that was copied already is not copied again.
sdk::Step<sdk::Done> preload_images(Engine& engine, ImagePuller& puller, const std::string& node,
                                    const std::vector<std::string>& images);

}  // namespace capstan::docker
