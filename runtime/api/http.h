// HTTP as the API sees it: requests, answers, and bodies that are produced while they are sent. The
// sockets are behind HttpListener.
//
// Thread safety: messages are values. What each interface says otherwise.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/clock.h"

namespace capstan {

// Who is at the other end of a connection, as far as TLS told.
struct HttpPeer {
  std::string address;                     // "127.0.0.1:53122"
  bool has_certificate = false;            // a client certificate was sent...
  std::string certificate_error;           // ...and this is wrong with it ("" where nothing is)
  std::string common_name;                 // the user
  std::vector<std::string> organizations;  // the groups
};

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;
  std::string target;   // as sent: "/api/v1/pods?limit=500"
  HttpHeaders headers;  // names in lower case
  std::string body;
  std::shared_ptr<const HttpPeer> peer;  // never null

  // The first header of that (lower case) name, or "".
  std::string_view header(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  HttpHeaders headers;  // Content-Length and Connection are the connection's
  std::string body;
  // Sent instead of `body` where set: a stored object's text, without a copy.
  std::shared_ptr<const std::string> shared_body;

  const std::string& content() const { return shared_body ? *shared_body : body; }
};

// A body that comes into being over time: a watch. The connection reads it when it can send, so
// what a slow client leaves unread stays with the source, which must bound it.
//
// Thread safety: read(), wait_limit(), drain() and closed() are called on the event loop.
class HttpBodySource {
 public:
  enum class State {
    kOpen,   // read again after the next wake or wait_limit
    kEnd,    // what was appended is the last; the body ends well
    kAbort,  // the client was too slow: the connection is cut
  };
  virtual ~HttpBodySource() = default;

  // `wake` may be called from any thread, and after closed(). Called once, before the first read.
  virtual void open(std::function<void()> wake) = 0;
  // Appends what is ready, about 64 KiB at most.
  virtual State read(std::string& out) = 0;
  // Read again after this time without a wake. Empty: never.
  virtual std::optional<Duration> wait_limit() { return std::nullopt; }
  // The client must not wait for more to be read: checked on every wake while a write is pending.
  virtual bool overflowed() const { return false; }
  // The server stops: read() shall give kEnd soon.
  virtual void drain() = 0;
  // The connection is gone; nothing is read any more.
  virtual void closed() {}
};

// What speaks another protocol over a connection that was upgraded. Bytes go out through the
// source.
class HttpTunnel : public HttpBodySource {
 public:
  virtual void received(std::string_view bytes) = 0;
};

// One request that wants an answer. Exactly one of respond(), stream() and upgrade() is called,
// once; an exchange that is dropped without an answer cuts the connection.
//
// Thread safety: from any thread.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;
  virtual const HttpRequest& request() const = 0;
  // Lets the answerer move the body out.
  virtual HttpRequest& mutable_request() = 0;
  virtual void respond(HttpResponse response) = 0;
  // A chunked body; `head.body` is ignored.
  virtual void stream(HttpResponse head, std::shared_ptr<HttpBodySource> body) = 0;
  // Status 101; afterwards the connection is the tunnel's.
  virtual void upgrade(HttpResponse head, std::shared_ptr<HttpTunnel> tunnel) = 0;
};
using HttpExchangePtr = std::shared_ptr<HttpExchange>;

// Called on the event loop for every request: answers at once what is quick, and hands the rest to
// the workers.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  virtual void handle(HttpExchangePtr exchange) = 0;
  // Asked with the head alone, before a body is read. False: the request is handled at once,
  // without its body, and the connection ends with the answer.
  virtual bool wants_body(const HttpRequest&) { return true; }
};

std::string_view http_reason(int status);

}  // namespace capstan
