#include "runtime/api/http_listener.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <mutex>
#include <thread>

#include "runtime/api/server_identity.h"

namespace capstan {
namespace {

// A client that sends what it is told to.
class Client {
 public:
  explicit Client(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~Client() { ::close(socket_); }

  void send(std::string_view text) {
    EXPECT_EQ(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  // Reads until the text has been seen; false where the server ended before, or is silent.
  bool read_until(std::string_view text) {
    while (seen_.find(text) == std::string::npos) {
      if (!read_more()) return false;
    }
    return true;
  }
  bool ends() {
    while (read_more()) {
    }
    return ended_;
  }
  const std::string& seen() const { return seen_; }

 private:
  bool read_more() {
    pollfd poll_for{socket_, POLLIN, 0};
    if (::poll(&poll_for, 1, 10'000) != 1) return false;
    char block[4096];
    const ssize_t size = ::recv(socket_, block, sizeof block, 0);
    ended_ = size <= 0;
    if (size > 0) seen_.append(block, static_cast<size_t>(size));
    return size > 0;
  }

  int socket_;
  std::string seen_;
  bool ended_ = false;
};

// Gives what it was given, and tells when its connection ended.
class Echo final : public HttpTunnel {
 public:
  void open(std::function<void()> wake) override { wake_ = std::move(wake); }
  State read(std::string& out) override {
    out.swap(waiting_);
    waiting_.clear();
    return ending_ ? State::kEnd : State::kOpen;
  }
  void received(std::string_view bytes) override {
    waiting_.append(bytes);
    ending_ = waiting_.find("bye") != std::string::npos;
    wake_();
  }
  void drain() override { ending_ = true; }
  void closed() override { closed_.set_value(); }
  std::future<void> closed_future() { return closed_.get_future(); }

 private:
  std::function<void()> wake_;
  std::string waiting_;
  bool ending_ = false;
  std::promise<void> closed_;
};

// Never has anything to say, and can be told that its client is too slow.
class Silent final : public HttpBodySource {
 public:
  void open(std::function<void()> wake) override {
    const std::scoped_lock lock(mutex_);
    wake_ = std::move(wake);
    opened_.set_value();
  }
  State read(std::string&) override {
    return overflowed_ ? State::kAbort : drained_ ? State::kEnd : State::kOpen;
  }
  bool overflowed() const override { return overflowed_; }
  void drain() override { drained_ = true; }
  void closed() override { closed_.set_value(); }

  void overflow() {
    opened_.get_future().wait();
    overflowed_ = true;
    const std::scoped_lock lock(mutex_);
    wake_();
  }
  std::future<void> closed_future() { return closed_.get_future(); }

 private:
  std::mutex mutex_;
  std::function<void()> wake_;
  std::atomic<bool> overflowed_{false};
  bool drained_ = false;
  std::promise<void> opened_;
  std::promise<void> closed_;
};

class Handler final : public HttpHandler {
 public:
  explicit Handler(EventLoop& loop) : loop_(loop) {}
  void handle(HttpExchangePtr exchange) override {
    const std::string target = exchange->request().target;
    if (target == "/drop") return;
    if (target == "/ends") {
      silent->drain();
      return exchange->stream({}, silent);
    }
    if (target == "/echo") return exchange->upgrade({101, {{"Upgrade", "echo"}}, "", {}}, echo);
    if (target == "/silent") return exchange->stream({}, silent);
    if (target == "/worker") {
      loop_.run_blocking([exchange] { exchange->respond({200, {}, "from a worker", {}}); });
      return;
    }
    exchange->respond({200, {}, exchange->request().method + " " + exchange->request().body, {}});
  }

  bool wants_body(const HttpRequest& head) override { return head.target != "/stranger"; }

  std::shared_ptr<Echo> echo = std::make_shared<Echo>();
  std::shared_ptr<Silent> silent = std::make_shared<Silent>();

 private:
  EventLoop& loop_;
};

class HttpListenerTest : public ::testing::Test {
 protected:
  HttpListenerTest() {
    HttpListenerOptions options;
    options.limits.body_bytes = 1000;
    options.max_connections = 4;
    listener_ = *HttpListener::listen(loop_, options, handler_);
  }
  EventLoop loop_;
  Handler handler_{loop_};
  std::unique_ptr<HttpListener> listener_;
};

TEST_F(HttpListenerTest, requests_on_one_connection_are_answered_in_order) {
  Client client(listener_->port());
  client.send(
      "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none"
      "GET /worker HTTP/1.1\r\nHost: x\r\n\r\n"
      "PUT /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\ntwo");
  EXPECT_TRUE(client.ends());
  const size_t one = client.seen().find("POST one");
  const size_t worker = client.seen().find("from a worker");
  const size_t two = client.seen().find("PUT two");
  EXPECT_LT(one, worker);
  EXPECT_LT(worker, two);
  EXPECT_NE(two, std::string::npos);
}

TEST_F(HttpListenerTest, who_asks_whether_to_send_a_body_is_told_to) {
  Client client(listener_->port());
  client.send("POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  ASSERT_TRUE(client.read_until("100 Continue\r\n\r\n"));
  client.send("body");
  EXPECT_TRUE(client.read_until("POST body"));
}

TEST_F(HttpListenerTest, a_body_that_is_too_large_is_refused) {
  Client client(listener_->port());
  client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n");
  EXPECT_TRUE(client.read_until("413 Request Entity Too Large"));
}

TEST_F(HttpListenerTest, an_upgraded_connection_carries_bytes_both_ways) {
  Client client(listener_->port());
  client.send("GET /echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly");
  ASSERT_TRUE(client.read_until("101 Switching Protocols"));
  ASSERT_TRUE(client.read_until("early"));
  client.send("later");
  ASSERT_TRUE(client.read_until("later"));
  client.send("bye");
  EXPECT_TRUE(client.ends());
  handler_.echo->closed_future().wait();
}

TEST_F(HttpListenerTest, a_client_that_goes_closes_its_stream) {
  auto closed = handler_.silent->closed_future();
  {
    Client client(listener_->port());
    client.send("GET /silent HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(client.read_until("Transfer-Encoding: chunked"));
  }
  EXPECT_EQ(closed.wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST_F(HttpListenerTest, a_client_that_is_too_slow_is_cut) {
  Client client(listener_->port());
  client.send("GET /silent HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(client.read_until("Transfer-Encoding: chunked"));
  handler_.silent->overflow();
  EXPECT_TRUE(client.ends());
  EXPECT_EQ(client.seen().find("\r\n0\r\n"), std::string::npos);
}

TEST_F(HttpListenerTest, streams_end_cleanly_when_the_listener_closes) {
  Client client(listener_->port());
  Client idle(listener_->port());
  client.send("GET /silent HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(client.read_until("Transfer-Encoding: chunked"));
  listener_->close(std::chrono::seconds(5));
  EXPECT_TRUE(client.ends());
  EXPECT_TRUE(client.seen().ends_with("0\r\n\r\n"));
  EXPECT_TRUE(idle.ends());
  EXPECT_EQ(listener_->connections(), 0u);
}

TEST_F(HttpListenerTest, who_has_not_begun_to_speak_is_not_waited_for) {
  const std::string folder = testing::TempDir() + "capstan-listener-" + std::to_string(::getpid());
  SystemClock clock;
  HttpListenerOptions options;
  options.tls = load_server_identity(folder, {"127.0.0.1"}, clock)->tls();
  std::filesystem::remove_all(folder);
  const auto secure = *HttpListener::listen(loop_, options, handler_);
  Client client(secure->port());
  while (secure->connections() == 0) std::this_thread::yield();
  auto closed = std::async(std::launch::async, [&] { secure->close(std::chrono::minutes(1)); });
  EXPECT_EQ(closed.wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

TEST_F(HttpListenerTest, a_request_that_nobody_answers_ends_its_connection) {
  Client client(listener_->port());
  client.send("GET /drop HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(client.ends());
  EXPECT_EQ(client.seen(), "");
}

TEST_F(HttpListenerTest, the_body_of_who_is_not_known_is_not_waited_for) {
  Client client(listener_->port());
  client.send("POST /stranger HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nthe beginning");
  ASSERT_TRUE(client.read_until("Connection: close"));
  ASSERT_TRUE(client.read_until("\r\n\r\nPOST "));
}

TEST_F(HttpListenerTest, who_is_not_known_is_not_asked_for_a_body) {
  Client client(listener_->port());
  client.send(
      "POST /stranger HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
      "Content-Length: 900\r\n\r\n");
  ASSERT_TRUE(client.read_until("\r\n\r\nPOST "));
  EXPECT_EQ(client.seen().find("100 Continue"), std::string::npos);
}

TEST_F(HttpListenerTest, connections_beyond_the_limit_are_closed_and_there_is_room_again_later) {
  {
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 4; ++i) {
      clients.push_back(std::make_unique<Client>(listener_->port()));
      clients.back()->send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
      ASSERT_TRUE(clients.back()->read_until("GET "));
    }
    Client one_more(listener_->port());
    EXPECT_TRUE(one_more.ends());
    EXPECT_EQ(listener_->connections(), 4u);
    for (const auto& client : clients) {
      client->send("GET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      EXPECT_TRUE(client->ends());
    }
  }
  while (listener_->connections() > 0) std::this_thread::yield();
  Client later(listener_->port());
  later.send("GET /c HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(later.read_until("GET "));
}

TEST_F(HttpListenerTest, the_answer_to_head_is_a_head) {
  Client client(listener_->port());
  client.send(
      "HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.ends());
  EXPECT_NE(client.seen().find("Content-Length: 5\r\n\r\nHTTP/1.1 200 OK"), std::string::npos)
      << client.seen();
}

TEST_F(HttpListenerTest, a_stream_asked_for_by_head_is_not_begun) {
  Client client(listener_->port());
  client.send(
      "HEAD /silent HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.ends());
  EXPECT_NE(client.seen().find("Transfer-Encoding: chunked\r\n\r\nHTTP/1.1 200 OK"),
            std::string::npos)
      << client.seen();
}

TEST_F(HttpListenerTest, a_connection_whose_stream_ended_is_closed_when_nothing_comes) {
  HttpListenerOptions options;
  options.limits.idle = std::chrono::milliseconds(50);
  const auto impatient = *HttpListener::listen(loop_, options, handler_);
  Client client(impatient->port());
  client.send("GET /ends HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(client.ends());
  EXPECT_NE(client.seen().find("\r\n0\r\n"), std::string::npos);
}

TEST_F(HttpListenerTest, a_taken_port_is_told) {
  HttpListenerOptions options;
  options.port = listener_->port();
  const auto second = HttpListener::listen(loop_, options, handler_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.code(), Code::kUnavailable);
  EXPECT_NE(second.error().message.find("another program uses the port"), std::string::npos);
  options.address = "nonsense";
  EXPECT_EQ(HttpListener::listen(loop_, options, handler_).code(), Code::kInvalid);
}

}  // namespace
}  // namespace capstan
