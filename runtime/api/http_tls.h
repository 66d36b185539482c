// The TLS side of a listener: its context, and who a client's certificate names.
//
// Thread safety: free functions; a context may serve many connections.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "runtime/api/http_listener.h"

namespace capstan {

// Errors: kInvalid where a certificate or key cannot be read.
Result<std::unique_ptr<boost::asio::ssl::context>> make_tls_context(const HttpTls& tls);

// Fills in what the handshake told of the client's certificate.
void read_tls_peer(SSL* connection, HttpPeer& peer);

}  // namespace capstan
