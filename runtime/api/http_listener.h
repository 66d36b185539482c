// A listening socket with its TLS context, and the connections that it accepted. HTTP/1.1 with
// keep-alive.
//
// Thread safety: all members from any thread but the loop's own (close() waits for it).
// Lifetime: the loop and the handler outlive the listener; the destructor closes at once.
//
// Example:
//   EventLoop loop;
//   HttpListenerOptions options;
//   options.tls = HttpTls{server_certificate, {client_ca_pem}};
//   const auto listener = TRY(HttpListener::listen(loop, options, handler));
//   log("serving on port {}", listener->port());
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "runtime/api/event_loop.h"
#include "runtime/api/http.h"
#include "runtime/base/result.h"
#include "runtime/system/tls.h"

namespace capstan {

struct HttpTls {
  KeyPair certificate;
  std::string client_ca_pem;  // "" takes no client certificates
};

struct HttpLimits {
  size_t body_bytes = 3 * 1024 * 1024;
  uint32_t header_bytes = 64 * 1024;
  Duration handshake = std::chrono::seconds(10);
  Duration idle = std::chrono::seconds(180);  // between requests, and for a request's head
  Duration body = std::chrono::seconds(60);   // for a request's body, and for an answer to be sent
};

struct HttpListenerOptions {
  std::string address = "127.0.0.1";
  uint16_t port = 0;           // 0 takes a free one
  std::optional<HttpTls> tls;  // empty: plain HTTP
  HttpLimits limits;
  // At a time; those beyond it are closed at once. Never more than the limit of open files allows,
  // with some left for other things.
  size_t max_connections = 20'000;
};

class HttpListener {
 public:
  virtual ~HttpListener() = default;

  // Errors: kUnavailable (the port is taken), kPermissionDenied, kInvalid (address, certificate);
  // the message names the address and what to do.
  static Result<std::unique_ptr<HttpListener>> listen(EventLoop& loop,
                                                      const HttpListenerOptions& options,
                                                      HttpHandler& handler);

  virtual uint16_t port() const = 0;
  virtual size_t connections() const = 0;

  // Accepts nothing more, ends streams cleanly, lets requests finish, and cuts what is left after
  // `grace`. Blocks until all connections are gone.
  virtual void close(Duration grace) = 0;
};

}  // namespace capstan
