// Images of the engine.
//
// Thread safety: as Engine.
#pragma once

#include <functional>
#include <string>

#include "plugins/docker/client/engine.h"

namespace capstan::docker {

Expected<bool> has_image(Engine& engine, const std::string& image);

// Fetches an image from its registry, which can take minutes. `progress` gets a line now and then
// ("3 of 7 layers") and returns false to give up. Errors: kNotFound where the registry does not
// have it or cannot be reached, kCancelled.
Status pull_image(Engine& engine, const std::string& image,
                  const std::function<bool(const std::string&)>& progress);

// The image as `docker save` writes it, piece by piece.
Status save_image(Engine& engine, const std::string& image, const ChunkSink& sink);

}  // namespace capstan::docker
