// A TLS connection for coroutines on one thread, lean enough for a thousand idle ones: OpenSSL
// works on the socket itself, so an idle connection holds no buffers (Asio's own ssl::stream holds
// about 70 KiB).
//
// Thread safety: none; everything on the executor's one thread.
// Lifetime: the context and the coroutine that awaits outlive each operation.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/workload/kubeconfig.h"
#include "runtime/workload/tls_identity.h"

namespace capstan {

namespace net = boost::asio;

// A client context to be shared by many streams; whom to trust is each connection's own.
openssl::ContextPtr make_client_context();

class TlsStream {
 public:
  TlsStream(const net::any_io_executor& executor, SSL_CTX* context);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  // From then on every operation, also one that waits now, fails with kUnavailable ("timed out").
  void expires_after(std::chrono::nanoseconds time);

  // TCP and TLS. Errors: kUnavailable; kInvalid where the identity does not fit.
  net::awaitable<Result<void>> connect(const ServerAddress& address, const TlsIdentity& identity);
  net::awaitable<Result<void>> write(std::string_view bytes);
  // At least one byte, or none where the other side ended the stream. The bytes are allocated when
  // there are some, so that waiting for them costs no buffer.
  net::awaitable<Result<std::string>> read_available(size_t most);

  // Ends what waits.
  void close();

 private:
  struct Socket;

  net::awaitable<Result<void>> connect_tcp(const ServerAddress& address);
  net::awaitable<Result<void>> wait(int result);
  std::string read_now(size_t most, int& count);
  Error failed(std::string_view reason) const;

  std::shared_ptr<Socket> socket_;  // shared with the timer's handler
  SSL_CTX* context_;
  openssl::SessionPtr session_;
};

}  // namespace capstan
