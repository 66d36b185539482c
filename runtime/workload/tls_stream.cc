#include "runtime/workload/tls_stream.h"

#include <netinet/tcp.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace capstan {
namespace {

using boost::system::error_code;
using net::ip::tcp;

// A peer that vanished is noticed after about a minute, without traffic of ours.
void keep_alive(int fd) {
  const int on = 1, idle = 30, interval = 10, probes = 3;
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

struct TlsStream::Socket {
  explicit Socket(const net::any_io_executor& executor)
      : stream(executor), resolver(executor), timer(executor) {}

  void close() {
    error_code ignored;
    stream.close(ignored);
    resolver.cancel();
  }

  tcp::socket stream;
  tcp::resolver resolver;
  net::steady_timer timer;
  bool timed_out = false;
};

openssl::ContextPtr make_client_context() {
  openssl::ContextPtr context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  return context;
}

TlsStream::TlsStream(const net::any_io_executor& executor, SSL_CTX* context)
    : socket_(std::make_shared<Socket>(executor)), context_(context) {}

TlsStream::~TlsStream() {
  socket_->timer.cancel();
  close();
}

void TlsStream::expires_after(std::chrono::nanoseconds time) {
  socket_->timer.expires_after(time);
  socket_->timer.async_wait([weak = std::weak_ptr(socket_)](error_code failure) {
    const auto socket = weak.lock();
    if (failure || !socket || socket->timer.expiry() > std::chrono::steady_clock::now()) return;
    socket->timed_out = true;
    socket->close();
  });
}

void TlsStream::close() {
  socket_->close();
}

Error TlsStream::failed(std::string_view reason) const {
  return Error::unavailable(socket_->timed_out ? "timed out" : std::string(reason));
}

net::awaitable<Result<void>> TlsStream::connect_tcp(const ServerAddress& address) {
  error_code failure;
  const auto literal = net::ip::make_address(address.host, failure);
  if (!failure) {
    co_await socket_->stream.async_connect({literal, static_cast<uint16_t>(address.port)},
                                           net::redirect_error(net::use_awaitable, failure));
  } else {
    const auto found =
        co_await socket_->resolver.async_resolve(address.host, std::to_string(address.port),
                                                 net::redirect_error(net::use_awaitable, failure));
    if (failure || socket_->timed_out) co_return failed("name not resolved: " + failure.message());
    co_await net::async_connect(socket_->stream, found,
                                net::redirect_error(net::use_awaitable, failure));
  }
  if (failure) co_return failed("connect: " + failure.message());
  if (socket_->timed_out || !socket_->stream.is_open()) co_return failed("connection closed");
  socket_->stream.non_blocking(true, failure);
  keep_alive(socket_->stream.native_handle());
  co_return Result<void>();
}

net::awaitable<Result<void>> TlsStream::connect(const ServerAddress& address,
                                                const TlsIdentity& identity) {
  const Result<void> connected = co_await connect_tcp(address);
  if (!connected.ok()) co_return connected;
  session_.reset(SSL_new(context_));
  if (!session_ || SSL_set_fd(session_.get(), socket_->stream.native_handle()) != 1) {
    co_return Error::internal("TLS: " + openssl::take_errors());
  }
  const Result<void> configured = identity.configure(session_.get());
  if (!configured.ok()) co_return configured;
  for (;;) {
    ERR_clear_error();
    const int result = SSL_connect(session_.get());
    if (result == 1) co_return Result<void>();
    const Result<void> ready = co_await wait(result);
    if (!ready.ok()) co_return ready;
  }
}

net::awaitable<Result<void>> TlsStream::write(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!socket_->stream.is_open()) co_return failed("connection closed");
    ERR_clear_error();
    const int count = SSL_write(session_.get(), bytes.data(), static_cast<int>(bytes.size()));
    if (count > 0) {
      bytes.remove_prefix(static_cast<size_t>(count));
      continue;
    }
    const Result<void> ready = co_await wait(count);
    if (!ready.ok()) co_return ready;
  }
  co_return Result<void>();
}

net::awaitable<Result<std::string>> TlsStream::read_available(size_t most) {
  for (;;) {
    if (!socket_->stream.is_open()) co_return failed("connection closed");
    int count = 0;
    if (std::string bytes = read_now(most, count); !bytes.empty()) co_return bytes;
    if (SSL_get_error(session_.get(), count) == SSL_ERROR_ZERO_RETURN) co_return std::string();
    Result<void> ready = co_await wait(count);
    if (!ready.ok()) co_return std::move(ready).error();
  }
}

std::string TlsStream::read_now(size_t most, int& count) {
  std::string bytes(most, '\0');
  ERR_clear_error();
  count = SSL_read(session_.get(), bytes.data(), static_cast<int>(most));
  bytes.resize(count > 0 ? static_cast<size_t>(count) : 0);
  return bytes;
}

// Until OpenSSL, whose last call gave `result`, can go on.
net::awaitable<Result<void>> TlsStream::wait(int result) {
  const int reason = SSL_get_error(session_.get(), result);
  if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) {
    const bool cut = reason == SSL_ERROR_SYSCALL && ERR_peek_error() == 0;
    co_return failed(cut ? "connection cut" : tls_failure(session_.get()));
  }
  error_code failure;
  co_await socket_->stream.async_wait(
      reason == SSL_ERROR_WANT_READ ? tcp::socket::wait_read : tcp::socket::wait_write,
      net::redirect_error(net::use_awaitable, failure));
  if (failure || socket_->timed_out) co_return failed("connection closed");
  co_return Result<void>();
}

}  // namespace capstan
