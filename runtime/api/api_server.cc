#include "runtime/api/api_server.h"

namespace capstan {

ApiServer::~ApiServer() = default;

Result<std::unique_ptr<ApiServer>> ApiServer::create(EventLoop& loop, ResourceService& service,
                                                     ApiServerOptions options) {
  std::unique_ptr<ApiServer> server(new ApiServer());
  server->handler_ = std::make_unique<ApiHandler>(loop, service, std::move(options.api));
  server->listener_ = TRY(HttpListener::listen(loop, options.listen, *server->handler_));
  const std::string& address = options.listen.address;
  const bool ipv6 = address.find(':') != std::string::npos;
  server->url_ = std::string(options.listen.tls ? "https://" : "http://") +
                 (ipv6 ? "[" + address + "]" : address) + ":" + std::to_string(server->port());
  return server;
}

}  // namespace capstan
