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

// Serves until SIGTERM or SIGINT. `listening` is called with the URL and the path of the admin
// kubeconfig once requests are answered.
// Errors: data folder, store, address: what could not be had, and what to do.
Result<void> run_server(
    const ServerConfig& config,
    const std::function<void(const std::string& url, const std::string& kubeconfig)>& listening);

}  // namespace capstan
