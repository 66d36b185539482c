// A Kubernetes-style API on a socket. One program may run many of them on one EventLoop, each with
// its own objects, certificates and port.
//
// Thread safety: all members from any thread but the loop's own.
// Lifetime: the loop and the service outlive the server, whose destructor waits for the requests
// that close() left running on the loop's workers; it must not run on one of them. Afterwards loop
// and service may go in any order.
//
// Example:
//   EventLoop loop;
//   const ServerIdentity identity = TRY(load_server_identity("/var/lib/capstan", {}, clock));
//   ApiServerOptions options;
//   options.listen.tls = identity.tls();
//   const auto server = TRY(ApiServer::create(loop, service, options));
//   TRY(write_admin_kubeconfig(identity, server->url()));
#pragma once

#include <memory>
#include <string>

#include "runtime/api/api_handler.h"
#include "runtime/api/http_listener.h"

namespace capstan {

struct ApiServerOptions {
  HttpListenerOptions listen;
  ApiHandlerOptions api;
};

class ApiServer {
 public:
  // Errors: those of HttpListener::listen.
  static Result<std::unique_ptr<ApiServer>> create(EventLoop& loop, ResourceService& service,
                                                   ApiServerOptions options);
  ~ApiServer();

  uint16_t port() const { return listener_->port(); }
  const std::string& url() const { return url_; }  // "https://127.0.0.1:6443"
  size_t connections() const { return listener_->connections(); }
  // Ends watches cleanly and lets requests finish, for at most `grace`.
  void close(Duration grace = std::chrono::seconds(5)) { listener_->close(grace); }

 private:
  ApiServer() = default;

  std::unique_ptr<ApiHandler> handler_;
  std::unique_ptr<HttpListener> listener_;
  std::string url_;
};

}  // namespace capstan
