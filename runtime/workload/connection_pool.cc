#include "runtime/workload/connection_pool.h"

#include <fcntl.h>
#include <httplib.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>

#include "runtime/system/file_descriptor.h"
#include "runtime/workload/http_status.h"

namespace capstan {

struct ConnectionPool::Connection {
  Connection(const std::string& host, int port) : client(host, port) {}

  httplib::SSLClient client;  // of the thread that sends alone
  MonotonicTime deadline;     // while busy
  MonotonicTime idle_since;   // while idle
  bool used = false;          // an answer came over it
  bool broken = false;
  std::atomic<bool> overdue{false};

  // Ends what the client waits for: to be connected, to shake hands or to be answered. Never waits
  // itself: the client's own stop() would wait for a lookup and a handshake to end, and the client
  // calls set_socket() with the lock that stop() takes. A lookup goes on, and what follows it is
  // broken off the next time.
  void break_off() {
    overdue = true;
    const std::lock_guard lock(socket_mutex_);
    if (socket_.valid()) ::shutdown(socket_.get(), SHUT_RDWR);
  }
  void set_socket(FileDescriptor socket) {
    const std::lock_guard lock(socket_mutex_);
    socket_ = std::move(socket);
  }

 private:
  std::mutex socket_mutex_;
  FileDescriptor socket_;  // a copy of the client's, so that its number stays this socket's
};

Error interrupted() {
  return {Code::kCancelled, "the request was given up, since its controller ends", {}, {}};
}

ConnectionPool::ConnectionPool(ClusterAccessPtr access, const PoolOptions& options, Clock& clock,
                               std::shared_ptr<const std::atomic<bool>> interrupted)
    : access_(std::move(access)),
      interrupted_(std::move(interrupted)),
      options_(options),
      clock_(clock) {}

ConnectionPool::~ConnectionPool() = default;

Result<ConnectionPool::ConnectionPtr> ConnectionPool::connect() const {
  auto connection = std::make_unique<Connection>(access_->address.host, access_->address.port);
  httplib::SSLClient& client = connection->client;
  if (!client.is_valid()) return Error::internal("TLS: " + openssl::take_errors());
  // OpenSSL verifies during the handshake as the identity says; the library's own check afterwards
  // would trust the system's authorities too.
  client.enable_server_certificate_verification(false);
  TRY(access_->tls->configure(client.ssl_context()));
  client.set_socket_options([made = connection.get()](socket_t socket) {
    made->set_socket(FileDescriptor(::fcntl(socket, F_DUPFD_CLOEXEC, 0)));
  });
  client.set_keep_alive(true);
  client.set_tcp_nodelay(true);
  client.set_follow_location(false);
  client.set_url_encode(false);
  return connection;
}

Result<ConnectionPool::ConnectionPtr> ConnectionPool::acquire(MonotonicTime deadline) {
  std::unique_lock lock(mutex_);
  const auto free = [this] { return *interrupted_ || taken_ < options_.most_connections; };
  const auto wait = std::max<Duration>(deadline - clock_.monotonic(), Duration::zero());
  if (!freed_.wait_for(lock, wait, free)) {
    return Error{Code::kResourceExhausted,
                 access_->text() + ": all " + std::to_string(options_.most_connections) +
                     " connections stayed busy",
                 {},
                 {}};
  }
  if (*interrupted_) return interrupted();
  ++taken_;
  ConnectionPtr connection;
  if (!idle_.empty()) {
    connection = std::move(idle_.back());
    idle_.pop_back();
  } else {
    lock.unlock();
    Result<ConnectionPtr> made = connect();
    lock.lock();
    if (!made.ok()) {
      --taken_;
      freed_.notify_one();
      return std::move(made).error().with_context(access_->text());
    }
    connection = std::move(*made);
  }
  connection->deadline = deadline;
  busy_.push_back(connection.get());
  return connection;
}

void ConnectionPool::release(ConnectionPtr connection) {
  const std::lock_guard lock(mutex_);
  std::erase(busy_, connection.get());
  --taken_;
  connection->idle_since = clock_.monotonic();
  // One that was broken off just as its answer came would fail the next request.
  const bool usable = !connection->broken && !connection->overdue;
  if (usable) idle_.push_back(std::move(connection));
  freed_.notify_one();
}

Result<WorkloadResponse> ConnectionPool::send(const WorkloadRequest& request) {
  const MonotonicTime deadline = clock_.monotonic() + request.timeout;
  for (;;) {
    ConnectionPtr connection = TRY(acquire(deadline));
    const bool kept = connection->used;
    Result<WorkloadResponse> response = exchange(*connection, request);
    const bool again = response.code() == Code::kUnavailable && kept && request.method == "GET";
    release(std::move(connection));
    if (!again) return response;
    std::vector<ConnectionPtr> closed;  // by the server, like this one
    const std::lock_guard lock(mutex_);
    closed.swap(idle_);
  }
}

Result<WorkloadResponse> ConnectionPool::exchange(Connection& connection,
                                                  const WorkloadRequest& request) const {
  const Duration left =
      std::max<Duration>(connection.deadline - clock_.monotonic(), std::chrono::milliseconds(1));
  connection.client.set_connection_timeout(left);
  connection.client.set_read_timeout(left);
  connection.client.set_write_timeout(left);

  httplib::Request sent;
  sent.method = request.method;
  sent.path = access_->address.base_path + request.path;
  sent.headers = {
      {"Accept", "application/json"}, {"Accept-Encoding", "identity"}, {"User-Agent", "capstan"}};
  if (!access_->token.empty()) sent.headers.emplace("Authorization", "Bearer " + access_->token);
  if (!request.body.empty()) sent.headers.emplace("Content-Type", request.content_type);
  sent.body = request.body;

  WorkloadResponse response;
  bool too_large = false;
  sent.content_receiver = [&](const char* data, size_t size, uint64_t, uint64_t) {
    too_large = response.body.size() + size > options_.largest_body;
    if (too_large || connection.overdue) return false;
    response.body.append(data, size);
    return clock_.monotonic() < connection.deadline;
  };
  ERR_clear_error();
  const httplib::Result result = connection.client.send(sent);
  connection.broken = !result;
  if (too_large) {
    return Error{Code::kResourceExhausted,
                 access_->text() + ": the answer to " + request.method + " " + request.path +
                     " is larger than " + std::to_string(options_.largest_body) + " bytes",
                 {},
                 {}};
  }
  if (!result) return failed(connection, static_cast<int>(result.error()));
  connection.used = true;
  response.status = result->status;
  response.retry_after = parse_retry_after(result->get_header_value("Retry-After"));
  return response;
}

Error ConnectionPool::failed(Connection& connection, int error) const {
  const auto code = static_cast<httplib::Error>(error);
  const std::string reason = openssl::take_errors();
  if (*interrupted_) return interrupted();
  if (connection.overdue || clock_.monotonic() >= connection.deadline) {
    return {Code::kDeadlineExceeded, access_->text() + ": no answer within the timeout", {}, {}};
  }
  std::string text = httplib::to_string(code);
  if (code == httplib::Error::SSLConnection) text = "TLS: " + reason;
  return Error::unavailable(access_->text() + ": " + text);
}

void ConnectionPool::tidy() {
  std::vector<ConnectionPtr> closing;  // without the lock
  const std::lock_guard lock(mutex_);
  const MonotonicTime now = clock_.monotonic();
  const auto kept = std::find_if(idle_.begin(), idle_.end(), [&](const ConnectionPtr& connection) {
    return now - connection->idle_since < options_.keep_idle;
  });
  std::move(idle_.begin(), kept, std::back_inserter(closing));
  idle_.erase(idle_.begin(), kept);
  for (Connection* connection : busy_) {
    if (now < connection->deadline && !*interrupted_) continue;
    connection->break_off();
  }
  if (*interrupted_) freed_.notify_all();
}

}  // namespace capstan
