// The engine behind a Unix or TCP socket.
//
// Example:
//   auto transport = CAPSTAN_TRY(connect_engine("unix:///var/run/docker.sock"));
#pragma once

#include <memory>
#include <string>

#include "plugins/docker/client/transport.h"

namespace capstan::docker {

// Opens no connection yet: each request makes its own. `host`: "unix:///path" or "tcp://host:port".
// Errors: kInvalid.
Expected<std::unique_ptr<EngineTransport>> connect_engine(const std::string& host);

}  // namespace capstan::docker
