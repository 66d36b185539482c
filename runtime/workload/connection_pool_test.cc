#include "runtime/workload/connection_pool.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <sys/socket.h>

#include <csignal>
#include <future>
#include <regex>

#include "runtime/base/text.h"
#include "runtime/system/file_descriptor.h"
#include "runtime/workload/fake_kubernetes.h"

namespace {

std::function<void()> before_lookup;  // of the client's

}  // namespace

// Stands before the C library's, so that a test can be where a slow name server would keep it.
extern "C" __attribute__((visibility("default"))) int getaddrinfo(const char* node,
                                                                  const char* service,
                                                                  const addrinfo* hints,
                                                                  addrinfo** found) {
  if (before_lookup) before_lookup();
  using Lookup = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto next = reinterpret_cast<Lookup>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return next(node, service, hints, found);
}

namespace capstan {
namespace {

using namespace std::chrono_literals;

// Does something of the test's between two looks at it: it still tells the time from before.
class InterruptingClock final : public Clock {
 public:
  Instant now() const override { return clock_.now(); }
  MonotonicTime monotonic() const override {
    const MonotonicTime time = clock_.monotonic();
    if (armed.exchange(false)) meanwhile();
    return time;
  }
  void advance(Duration by) { clock_.advance(by); }

  mutable std::atomic<bool> armed = false;
  std::function<void()> meanwhile;

 private:
  ManualClock clock_;
};

class ConnectionPoolTest : public testing::Test {
 protected:
  // As http_workload_clusters does for the process.
  ConnectionPoolTest() { std::signal(SIGPIPE, SIG_IGN); }

  ~ConnectionPoolTest() override { before_lookup = nullptr; }

  ClusterAccessPtr access() { return access(server.kubeconfig("demo")); }
  static ClusterAccessPtr access(const std::string& kubeconfig) {
    const ClusterName demo{"default", "demo"};
    const auto secret =
        Object::from_json({{"apiVersion", "v1"},
                           {"kind", "Secret"},
                           {"metadata", {{"name", "demo-kubeconfig"}, {"namespace", "default"}}},
                           {"data", {{"value", base64_encode(kubeconfig)}}}});
    return read_cluster_access(demo, **secret).value();
  }

  FakeKubernetes server;
  InterruptingClock clock;
  ConnectionPool pool{access(), {}, clock};
};

TEST_F(ConnectionPoolTest, a_connection_broken_off_as_its_answer_came_is_not_used_again) {
  server.on("/late", [&](FakeExchange& exchange) {
    clock.armed = true;  // the next to look is who reads the answer
    exchange.answer(200, "late");
  });
  server.on("/next", [](FakeExchange& exchange) { exchange.answer(200, "next"); });
  clock.meanwhile = [&] {
    clock.advance(11s);
    pool.tidy();
  };
  const auto late = pool.send({.path = "/late", .timeout = 10s});
  ASSERT_TRUE(late.ok()) << late.error().message;
  EXPECT_EQ(late->body, "late");
  const auto next = pool.send({.path = "/next", .timeout = 10s});
  ASSERT_TRUE(next.ok()) << next.error().message;
  EXPECT_EQ(next->body, "next");
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(ConnectionPoolTest, nobody_waits_for_a_request_that_looks_up_its_server_anew) {
  server.on("/a", [](FakeExchange& exchange) { exchange.answer(200, "a"); });
  ASSERT_TRUE(pool.send({.path = "/a", .timeout = 10s}).ok());
  server.cut_connections();
  std::future<void> tidied;
  before_lookup = [&] {
    clock.advance(11s);
    tidied = std::async(std::launch::async, [&] { pool.tidy(); });
    EXPECT_EQ(tidied.wait_for(10s), std::future_status::ready);
  };
  const auto late = pool.send({.path = "/a", .timeout = 10s});
  EXPECT_EQ(late.code(), Code::kDeadlineExceeded);
  EXPECT_TRUE(tidied.valid()) << "it had to connect again";
}

// A server of 127.0.0.1 whose queue is full, so that it takes up no connection.
class BusyServer {
 public:
  BusyServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address_);
    auto* const address = reinterpret_cast<sockaddr*>(&address_);
    if (::bind(listener_.get(), address, size) != 0 || ::listen(listener_.get(), 0) != 0 ||
        ::getsockname(listener_.get(), address, &size) != 0) {
      ADD_FAILURE() << "no port";
    }
    for (FileDescriptor& waiting : waiting_) {
      waiting = FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      (void)::connect(waiting.get(), address, size);
    }
  }
  int port() const { return ::ntohs(address_.sin_port); }

 private:
  sockaddr_in address_{};
  FileDescriptor listener_;
  FileDescriptor waiting_[4];
};

TEST_F(ConnectionPoolTest, a_request_that_is_not_connected_yet_is_broken_off) {
  const BusyServer busy;
  const std::string ours = ":" + std::to_string(server.port());
  const std::string theirs = ":" + std::to_string(busy.port());
  ConnectionPool other(
      access(std::regex_replace(server.kubeconfig("demo"), std::regex(ours), theirs)), {}, clock);
  std::promise<void> began;
  before_lookup = [&] { began.set_value(); };
  auto answer =
      std::async(std::launch::async, [&] { return other.send({.path = "/a", .timeout = 60s}); });
  ASSERT_EQ(began.get_future().wait_for(10s), std::future_status::ready);
  clock.advance(61s);
  for (int i = 0; i < 2000 && answer.wait_for(5ms) != std::future_status::ready; ++i) other.tidy();
  ASSERT_EQ(answer.wait_for(0s), std::future_status::ready);
  EXPECT_EQ(answer.get().code(), Code::kDeadlineExceeded);
}

}  // namespace
}  // namespace capstan
