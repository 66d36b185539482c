// Which image a machine's container is made from.
//
// Thread safety: as Engine.
#pragma once

#include <string>

#include "plugins/docker/client/engine.h"
#include "plugins/docker/settings.h"

namespace capstan::docker {

// spec.customImage; else the setting nodeImage; else kindest/node or capstan/node of the version,
// whichever the engine has; else kindest/node, to be pulled. Errors: kInvalid without a version.
sdk::Expected<std::string> node_image(Engine& engine, const Settings& settings,
                                      const std::string& custom_image, const std::string& version);

}  // namespace capstan::docker
