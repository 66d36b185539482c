// `capstan serve`: everything put together. Start order: the store is opened, the API listens,
// providers and controllers start; then /readyz says ok. The end is the reverse.
//
// Thread safety: run() from the main thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "runtime/base/result.h"
#include "runtime/server/server_config.h"

namespace capstan {

// Called once requests are answered; `kubeconfig` is the path of the administrator's.
using Listening = std::function<void(const std::string& url, const std::string& kubeconfig)>;

// Reads the configuration; asked once.
using Configure = std::function<Result<ServerConfig>()>;

// Serves until SIGTERM or SIGINT. At SIGUSR2 it ends in the same way but for the plugins'
// processes, and executes its program again, which may be a newer version and goes on with them.
// Errors: of `configure`; data folder, store, address: what could not be had, and what to do.
Result<void> run_server(const Configure& configure, const Listening& listening);

}  // namespace capstan
