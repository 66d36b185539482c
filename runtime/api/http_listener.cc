#include "runtime/api/http_listener.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <mutex>
#include <unordered_map>

#include "runtime/api/http_connection.h"
#include "runtime/api/http_tls.h"

namespace capstan {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

Error listen_error(const HttpListenerOptions& options, const ErrorCode& error) {
  const std::string where = options.address + ":" + std::to_string(options.port);
  if (error == asio::error::address_in_use) {
    return Error::unavailable("cannot listen on " + where +
                              ": another program uses the port; stop it or choose another port");
  }
  const Code code = error == asio::error::access_denied ? Code::kPermissionDenied : Code::kInvalid;
  return {code, "cannot listen on " + where + ": " + error.message(), {}, {}};
}

// What the accept loop and the connections share; lives until the last of them is gone.
struct Shared {
  explicit Shared(asio::io_context& context) : acceptor(context), retry(context) {}

  std::unique_ptr<asio::ssl::context> tls;
  HttpLimits limits;
  HttpHandler* handler = nullptr;
  size_t max_connections = 0;
  bool told_full = false;  // on the loop
  tcp::acceptor acceptor;
  asio::steady_timer retry;
  bool closed = false;  // on the loop

  std::mutex mutex;
  std::condition_variable gone;
  uint64_t next_id = 0;
  std::unordered_map<uint64_t, std::weak_ptr<HttpConnection>> connections;
};

void forget(Shared& shared, uint64_t id) {
  const std::scoped_lock lock(shared.mutex);
  shared.connections.erase(id);
  if (shared.connections.empty()) shared.gone.notify_all();
}

// How many connections there may be: what is asked for, as far as there are descriptors for it.
size_t connections_allowed(size_t wanted) {
  constexpr size_t kForOthers = 256;  // the store, plugins, connections to clusters
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) return wanted;
  const size_t most = files.rlim_cur;
  return std::min(wanted, std::max(most / 2, most - std::min(most, kForOthers)));
}

// Children must not have the server's sockets: a client would wait for them when the server is
// gone.
void keep_from_children(int fd) {
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

bool is_full(Shared& shared) {
  const std::scoped_lock lock(shared.mutex);
  return shared.connections.size() >= shared.max_connections;
}

// Who is turned away sees its connection end, and tries again later.
void turn_away(Shared& shared, tcp::socket socket) {
  ErrorCode ignored;
  socket.close(ignored);
  if (std::exchange(shared.told_full, true)) return;
  spdlog::warn("there are {} connections, more are turned away; see api.maxConnections",
               shared.max_connections);
}

void add_connection(const std::shared_ptr<Shared>& shared, tcp::socket socket) {
  ErrorCode ignored;
  keep_from_children(socket.native_handle());
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  uint64_t id = 0;
  {
    const std::scoped_lock lock(shared->mutex);
    id = ++shared->next_id;
    shared->connections.emplace(id, std::weak_ptr<HttpConnection>());
  }
  const auto connection =
      make_http_connection(std::move(socket), shared->tls.get(), shared->limits, *shared->handler,
                           [shared, id] { forget(*shared, id); });
  {
    const std::scoped_lock lock(shared->mutex);
    shared->connections[id] = connection;
  }
  connection->start();
}

void accept_next(const std::shared_ptr<Shared>& shared) {
  shared->acceptor.async_accept([shared](ErrorCode error, tcp::socket socket) {
    if (shared->closed) return;
    if (!error) {
      if (is_full(*shared)) {
        turn_away(*shared, std::move(socket));
      } else {
        shared->told_full = false;
        add_connection(shared, std::move(socket));
      }
      return accept_next(shared);
    }
    // No file descriptors are left: others end meanwhile.
    shared->retry.expires_after(std::chrono::milliseconds(100));
    shared->retry.async_wait([shared](ErrorCode) {
      if (!shared->closed) accept_next(shared);
    });
  });
}

class Listener final : public HttpListener {
 public:
  Listener(EventLoop& loop, std::shared_ptr<Shared> shared)
      : loop_(loop), shared_(std::move(shared)), port_(shared_->acceptor.local_endpoint().port()) {}
  ~Listener() override { close(Duration::zero()); }

  uint16_t port() const override { return port_; }

  size_t connections() const override {
    const std::scoped_lock lock(shared_->mutex);
    return shared_->connections.size();
  }

  void close(Duration grace) override {
    if (std::exchange(closed_, true)) return;
    loop_.post([shared = shared_] {
      ErrorCode ignored;
      shared->closed = true;
      shared->acceptor.close(ignored);
      shared->retry.cancel();
    });
    each_connection([](HttpConnection& connection) { connection.drain(); });
    if (wait_until_empty(grace)) return;
    each_connection([](HttpConnection& connection) { connection.cut(); });
    wait_until_empty(std::chrono::seconds(5));
  }

 private:
  void each_connection(void (*action)(HttpConnection&)) {
    loop_.post([shared = shared_, action] {
      std::vector<std::shared_ptr<HttpConnection>> connections;
      {
        const std::scoped_lock lock(shared->mutex);
        for (const auto& [id, weak] : shared->connections) {
          if (auto connection = weak.lock()) connections.push_back(std::move(connection));
        }
      }
      for (const auto& connection : connections) action(*connection);
    });
  }

  // After the loop has done what was posted before.
  bool wait_until_empty(Duration limit) {
    std::unique_lock lock(shared_->mutex);
    bool passed = false;
    loop_.post([shared = shared_, &passed] {
      const std::scoped_lock inner(shared->mutex);
      passed = true;
      shared->gone.notify_all();
    });
    shared_->gone.wait(lock, [&] { return passed; });
    return shared_->gone.wait_for(lock, limit, [&] { return shared_->connections.empty(); });
  }

  EventLoop& loop_;
  std::shared_ptr<Shared> shared_;
  const uint16_t port_;
  bool closed_ = false;
};

}  // namespace

Result<std::unique_ptr<HttpListener>> HttpListener::listen(EventLoop& loop,
                                                           const HttpListenerOptions& options,
                                                           HttpHandler& handler) {
  auto shared = std::make_shared<Shared>(loop.context());
  shared->limits = options.limits;
  shared->handler = &handler;
  shared->max_connections = connections_allowed(options.max_connections);
  if (options.tls) shared->tls = TRY(make_tls_context(*options.tls));
  ErrorCode error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error) return listen_error(options, error);
  const tcp::endpoint endpoint(address, options.port);
  tcp::acceptor& acceptor = shared->acceptor;
  acceptor.open(endpoint.protocol(), error);
  if (!error) keep_from_children(acceptor.native_handle());
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(1024, error);
  if (error) return listen_error(options, error);
  loop.post([shared] { accept_next(shared); });
  return std::unique_ptr<HttpListener>(std::make_unique<Listener>(loop, std::move(shared)));
}

}  // namespace capstan
