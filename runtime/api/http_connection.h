// One accepted connection: reads requests one after the other, hands each to the handler and sends
// the answer. Private to the listener.
//
// Thread safety: drain() and cut() on the event loop only.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <functional>
#include <memory>

#include "runtime/api/http_listener.h"

namespace capstan {

class HttpConnection {
 public:
  virtual ~HttpConnection() = default;
  virtual void start() = 0;
  // Ends after what is being answered, at once where nothing is.
  virtual void drain() = 0;
  virtual void cut() = 0;
};

// `tls` null: plain. The connection keeps itself alive until it ends.
std::shared_ptr<HttpConnection> make_http_connection(boost::asio::ip::tcp::socket socket,
                                                     boost::asio::ssl::context* tls,
                                                     const HttpLimits& limits, HttpHandler& handler,
                                                     std::function<void()> on_end);

}  // namespace capstan
