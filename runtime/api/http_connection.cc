#include "runtime/api/http_connection.h"

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "runtime/api/http_tls.h"
#include "runtime/base/text.h"

namespace capstan {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using ErrorCode = boost::system::error_code;

constexpr size_t kJoinedBody = 64 * 1024;  // up to here head and body are one write
constexpr auto kNever = std::chrono::steady_clock::time_point::max();

// Something that the connection's coroutine waits for. Notified from any thread.
class Signal : public std::enable_shared_from_this<Signal> {
 public:
  explicit Signal(const asio::any_io_executor& executor) : timer_(executor, kNever) {}

  void notify() {
    if (notified_.exchange(true)) return;
    asio::post(timer_.get_executor(), [self = shared_from_this()] {
      if (self->on_notify) self->on_notify();
      self->timer_.cancel();
    });
  }
  // Until notified, or the time is over.
  asio::awaitable<void> wait(std::optional<Duration> limit = std::nullopt) {
    if (!notified_.exchange(false)) {
      timer_.expires_at(limit ? std::chrono::steady_clock::now() + *limit : kNever);
      if (!notified_.load()) {
        ErrorCode error;
        co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, error));
      }
      notified_ = false;
    }
  }

  std::function<void()> on_notify;  // on the loop

 private:
  std::atomic<bool> notified_{false};
  asio::steady_timer timer_;
};

class Exchange final : public HttpExchange {
 public:
  enum class Kind { kNone, kResponse, kStream, kUpgrade, kDropped };

  Exchange(HttpRequest request, std::shared_ptr<Signal> signal)
      : request_(std::move(request)), signal_(std::move(signal)) {}
  // Held by the handler alone: dropping it without an answer ends the wait for one.
  ~Exchange() override {
    if (!answered_) answer_->set(Kind::kDropped, {}, nullptr, *signal_);
  }

  // What the connection waits for; outlives the exchange.
  struct Answer {
    std::atomic<Kind> kind{Kind::kNone};
    HttpResponse response;
    std::shared_ptr<HttpBodySource> source;
    std::shared_ptr<HttpTunnel> tunnel;

    void set(Kind new_kind, HttpResponse head, std::shared_ptr<HttpBodySource> body,
             Signal& signal) {
      response = std::move(head);
      source = std::move(body);
      kind.store(new_kind, std::memory_order_release);
      signal.notify();
    }
  };
  std::shared_ptr<Answer> answer() const { return answer_; }

  const HttpRequest& request() const override { return request_; }
  HttpRequest& mutable_request() override { return request_; }
  void respond(HttpResponse response) override {
    finish(Kind::kResponse, std::move(response), nullptr);
  }
  void stream(HttpResponse head, std::shared_ptr<HttpBodySource> body) override {
    finish(Kind::kStream, std::move(head), std::move(body));
  }
  void upgrade(HttpResponse head, std::shared_ptr<HttpTunnel> tunnel) override {
    answer_->tunnel = tunnel;
    finish(Kind::kUpgrade, std::move(head), std::move(tunnel));
  }

 private:
  void finish(Kind kind, HttpResponse response, std::shared_ptr<HttpBodySource> source) {
    if (answered_.exchange(true)) return;
    answer_->set(kind, std::move(response), std::move(source), *signal_);
  }

  HttpRequest request_;
  std::shared_ptr<Signal> signal_;
  std::shared_ptr<Answer> answer_ = std::make_shared<Answer>();
  std::atomic<bool> answered_{false};
};

std::string response_head(const HttpResponse& response, const std::string& framing) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
  head += http_reason(response.status);
  for (const auto& [name, value] : response.headers) {
    head.append("\r\n").append(name).append(": ").append(value);
  }
  head.append("\r\n").append(framing).append("\r\n\r\n");
  return head;
}

void append_chunk(std::string& out, std::string_view data) {
  char size[20];
  const int length = std::snprintf(size, sizeof size, "%zx\r\n", data.size());
  out.append(size, static_cast<size_t>(length)).append(data).append("\r\n");
}

template <typename Stream>
class Connection final : public HttpConnection,
                         public std::enable_shared_from_this<Connection<Stream>> {
 public:
  Connection(Stream stream, const HttpLimits& limits, HttpHandler& handler,
             std::function<void()> on_end)
      : stream_(std::move(stream)),
        limits_(limits),
        handler_(handler),
        on_end_(std::move(on_end)),
        signal_(std::make_shared<Signal>(stream_.get_executor())) {}
  ~Connection() override { on_end_(); }

  void start() override {
    asio::co_spawn(
        stream_.get_executor(),
        [self = this->shared_from_this()]() -> asio::awaitable<void> { co_await self->run(); },
        asio::detached);
  }

  void drain() override {
    draining_ = true;
    if (idle_) return cut();
    if (source_) {
      source_->drain();
      signal_->notify();
    }
  }

  void cut() override {
    ended_ = true;
    beast::get_lowest_layer(stream_).close();
    signal_->notify();
  }

 private:
  static constexpr bool kTls = !std::is_same_v<Stream, beast::tcp_stream>;

  asio::awaitable<void> run() {
    ErrorCode error;
    auto& lowest = beast::get_lowest_layer(stream_);
    auto peer = std::make_shared<HttpPeer>();
    const auto remote = lowest.socket().remote_endpoint(error);
    if (error) co_return;
    peer->address = remote.address().to_string() + ":" + std::to_string(remote.port());
    if constexpr (kTls) {
      lowest.expires_after(limits_.handshake);
      co_await stream_.async_handshake(asio::ssl::stream_base::server,
                                       asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return;
      read_tls_peer(stream_.native_handle(), *peer);
    }
    peer_ = std::move(peer);
    while (!draining_ && !ended_) {
      if (!co_await serve_one()) break;
    }
    co_await shut_down();
  }

  asio::awaitable<void> shut_down() {
    if (ended_) co_return;
    ErrorCode error;
    if constexpr (kTls) {
      beast::get_lowest_layer(stream_).expires_after(std::chrono::seconds(2));
      co_await stream_.async_shutdown(asio::redirect_error(asio::use_awaitable, error));
    }
    beast::get_lowest_layer(stream_).socket().shutdown(asio::ip::tcp::socket::shutdown_both, error);
    beast::get_lowest_layer(stream_).close();
  }

  // False: the connection ends.
  asio::awaitable<bool> serve_one() {
    idle_ = true;
    // What a stream's end left unread is waited for as long as any next request.
    const auto until = std::chrono::steady_clock::now() + limits_.idle;
    while (reading_ahead_ && !ended_) {
      const auto left = until - std::chrono::steady_clock::now();
      if (left <= left.zero()) {
        cut();
        co_return false;
      }
      co_await signal_->wait(left);
    }
    if (ended_) co_return false;
    bhttp::request_parser<bhttp::string_body> parser;
    parser.header_limit(limits_.header_bytes);
    parser.body_limit(limits_.body_bytes);
    auto& lowest = beast::get_lowest_layer(stream_);
    lowest.expires_after(limits_.idle);
    ErrorCode error;
    co_await bhttp::async_read_header(stream_, buffer_, parser,
                                      asio::redirect_error(asio::use_awaitable, error));
    idle_ = false;
    if (error) co_return co_await refuse(error);
    lowest.expires_after(limits_.body);
    bool whole = parser.is_done();
    HttpRequest request = take_head(parser.get());
    if (!whole && handler_.wants_body(request)) {
      if (beast::iequals(parser.get()[bhttp::field::expect], "100-continue")) {
        co_await asio::async_write(stream_, asio::buffer("HTTP/1.1 100 Continue\r\n\r\n", 25),
                                   asio::redirect_error(asio::use_awaitable, error));
      }
      co_await bhttp::async_read(stream_, buffer_, parser,
                                 asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return co_await refuse(error);
      whole = true;
    }
    const bool keep_alive = whole && parser.keep_alive();
    request.body = std::move(parser.get().body());
    lowest.expires_never();
    const bool again = co_await answer(std::move(request), keep_alive);
    if (!whole && !ended_ && !reading_ahead_) co_await discard_rest();
    co_return again;
  }

  // What is malformed or too large gets a status where the client still listens.
  asio::awaitable<bool> refuse(const ErrorCode& error) {
    HttpResponse response;
    if (error == bhttp::error::body_limit) {
      response.status = 413;
      response.body =
          "Request entity too large: limit is " + std::to_string(limits_.body_bytes) + " bytes\n";
    } else if (error == bhttp::error::header_limit) {
      response.status = 431;
      response.body = "Request header fields too large\n";
    } else if (error.category() == bhttp::make_error_code(bhttp::error::bad_method).category() &&
               error != bhttp::error::end_of_stream && error != bhttp::error::partial_message) {
      response.status = 400;
      response.body = "Bad request: " + error.message() + "\n";
    } else {
      co_return false;
    }
    response.headers = {{"Content-Type", "text/plain"}};
    if (co_await send(response, false), !ended_) co_await discard_rest();
    co_return false;
  }

  // A client that still sends sees a reset instead of the answer if the connection is closed on it.
  asio::awaitable<void> discard_rest() {
    constexpr size_t kMost = 32 * 1024 * 1024;
    beast::get_lowest_layer(stream_).expires_after(std::chrono::seconds(5));
    std::vector<char> block(64 * 1024);
    ErrorCode error;
    for (size_t total = 0; total < kMost && !error;) {
      total += co_await stream_.async_read_some(asio::buffer(block),
                                                asio::redirect_error(asio::use_awaitable, error));
    }
  }

  HttpRequest take_head(const bhttp::request<bhttp::string_body>& message) const {
    HttpRequest request;
    request.method = std::string(message.method_string());
    request.target = std::string(message.target());
    request.headers.reserve(8);
    for (const auto& field : message) {
      request.headers.emplace_back(
          to_lower({field.name_string().data(), field.name_string().size()}),
          std::string(field.value()));
    }
    request.peer = peer_;
    return request;
  }

  asio::awaitable<bool> answer(HttpRequest request, bool keep_alive) {
    if (buffer_.size() == 0) buffer_.shrink_to_fit();
    const bool head_only = request.method == "HEAD";
    auto exchange = std::make_shared<Exchange>(std::move(request), signal_);
    const auto answer = exchange->answer();
    handler_.handle(std::move(exchange));
    while (answer->kind.load(std::memory_order_acquire) == Exchange::Kind::kNone) {
      co_await signal_->wait();
      if (ended_) co_return false;
    }
    switch (answer->kind.load(std::memory_order_acquire)) {
      case Exchange::Kind::kResponse:
        co_return co_await send(answer->response, keep_alive && !draining_, head_only);
      case Exchange::Kind::kStream:
        if (head_only) co_return co_await send_stream_head(*answer, keep_alive && !draining_);
        co_return co_await send_stream(*answer, keep_alive);
      case Exchange::Kind::kUpgrade:
        co_return co_await run_tunnel(*answer);
      default:
        co_return false;
    }
  }

  asio::awaitable<bool> write(std::string_view data) {
    ErrorCode error;
    co_await asio::async_write(stream_, asio::buffer(data.data(), data.size()),
                               asio::redirect_error(asio::use_awaitable, error));
    co_return !error && !ended_;
  }

  // The answer to HEAD says what a GET would have, and ends there.
  asio::awaitable<bool> send(const HttpResponse& response, bool keep_alive,
                             bool head_only = false) {
    const std::string& body = response.content();
    std::string framing = "Content-Length: " + std::to_string(body.size());
    if (!keep_alive) framing += "\r\nConnection: close";
    std::string head = response_head(response, framing);
    beast::get_lowest_layer(stream_).expires_after(limits_.body);
    if (head_only) co_return co_await write(head) && keep_alive;
    const bool joined = body.size() <= kJoinedBody;
    if (joined) head += body;
    if (!co_await write(head)) co_return false;
    if (!joined && !co_await write(body)) co_return false;
    co_return keep_alive;
  }

  // Reads once while an answer is streamed: sees the client go, and keeps what it sends next.
  void read_ahead() {
    reading_ahead_ = true;
    stream_.async_read_some(buffer_.prepare(4096),
                            [self = this->shared_from_this()](ErrorCode error, size_t size) {
                              self->reading_ahead_ = false;
                              if (error) {
                                self->ended_ = true;
                                beast::get_lowest_layer(self->stream_).close();
                              } else {
                                self->buffer_.commit(size);
                              }
                              self->signal_->notify();
                            });
  }

  // Opens the source; from now on the connection's end closes it.
  void open_source(std::shared_ptr<HttpBodySource> source) {
    source_ = std::move(source);
    signal_->on_notify = [this] {
      if (source_ && source_->overflowed()) beast::get_lowest_layer(stream_).close();
    };
    source_->open([signal = std::weak_ptr<Signal>(signal_)] {
      if (const auto held = signal.lock()) held->notify();
    });
    if (draining_) source_->drain();
  }

  void close_source() {
    signal_->on_notify = nullptr;
    source_->closed();
    source_.reset();
  }

  asio::awaitable<bool> send_stream_head(Exchange::Answer& answer, bool keep_alive) {
    std::string framing = "Transfer-Encoding: chunked";
    if (!keep_alive) framing += "\r\nConnection: close";
    open_source(std::move(answer.source));
    close_source();
    beast::get_lowest_layer(stream_).expires_after(limits_.body);
    co_return co_await write(response_head(answer.response, framing)) && keep_alive;
  }

  asio::awaitable<bool> send_stream(Exchange::Answer& answer, bool keep_alive) {
    std::string framing = "Transfer-Encoding: chunked";
    if (!keep_alive) framing += "\r\nConnection: close";
    open_source(std::move(answer.source));
    read_ahead();
    bool good = co_await write(response_head(answer.response, framing));
    std::string data;
    std::string chunk;
    while (good && !ended_) {
      data.clear();
      const HttpBodySource::State state = source_->read(data);
      if (state == HttpBodySource::State::kAbort) break;
      chunk.clear();
      if (!data.empty()) append_chunk(chunk, data);
      if (state == HttpBodySource::State::kEnd) chunk += "0\r\n\r\n";
      if (!chunk.empty()) good = co_await write(chunk);
      if (state == HttpBodySource::State::kEnd) {
        close_source();
        co_return good&& keep_alive;
      }
      if (!data.empty()) continue;
      if (data.capacity() > 4096) data = chunk = std::string();  // an idle watch holds no buffers
      co_await signal_->wait(source_->wait_limit());
    }
    close_source();
    cut();
    co_return false;
  }

  asio::awaitable<void> pump_tunnel(std::shared_ptr<HttpTunnel> tunnel) {
    ErrorCode error;
    while (!ended_) {
      if (buffer_.size() > 0) {
        tunnel->received({static_cast<const char*>(buffer_.data().data()), buffer_.size()});
        buffer_.consume(buffer_.size());
      }
      const size_t size = co_await stream_.async_read_some(
          buffer_.prepare(16384), asio::redirect_error(asio::use_awaitable, error));
      if (error) break;
      buffer_.commit(size);
    }
    ended_ = true;
    signal_->notify();
  }

  asio::awaitable<bool> run_tunnel(Exchange::Answer& answer) {
    open_source(answer.source);
    bool good = co_await write(response_head(answer.response, "Connection: Upgrade"));
    asio::co_spawn(
        stream_.get_executor(),
        [self = this->shared_from_this(), tunnel = answer.tunnel]() -> asio::awaitable<void> {
          co_await self->pump_tunnel(tunnel);
        },
        asio::detached);
    std::string data;
    while (good && !ended_) {
      data.clear();
      const HttpBodySource::State state = source_->read(data);
      if (!data.empty()) good = co_await write(data);
      if (state != HttpBodySource::State::kOpen) break;
      if (data.empty()) co_await signal_->wait(source_->wait_limit());
    }
    close_source();
    cut();
    co_return false;
  }

  Stream stream_;
  const HttpLimits limits_;
  HttpHandler& handler_;
  std::function<void()> on_end_;
  std::shared_ptr<Signal> signal_;
  std::shared_ptr<const HttpPeer> peer_;
  beast::flat_buffer buffer_;
  std::shared_ptr<HttpBodySource> source_;
  bool idle_ = true;  // nothing is asked: before the handshake as between two requests
  bool draining_ = false;
  bool ended_ = false;
  bool reading_ahead_ = false;
};

}  // namespace

std::shared_ptr<HttpConnection> make_http_connection(asio::ip::tcp::socket socket,
                                                     asio::ssl::context* tls,
                                                     const HttpLimits& limits, HttpHandler& handler,
                                                     std::function<void()> on_end) {
  if (tls == nullptr) {
    return std::make_shared<Connection<beast::tcp_stream>>(beast::tcp_stream(std::move(socket)),
                                                           limits, handler, std::move(on_end));
  }
  using TlsStream = asio::ssl::stream<beast::tcp_stream>;
  return std::make_shared<Connection<TlsStream>>(
      TlsStream(beast::tcp_stream(std::move(socket)), *tls), limits, handler, std::move(on_end));
}

}  // namespace capstan
