#include "runtime/workload/connection_pool.h"

#include <gtest/gtest.h>

#include <csignal>

#include "runtime/base/text.h"
#include "runtime/workload/fake_kubernetes.h"

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

  ClusterAccessPtr access() {
    const ClusterName demo{"default", "demo"};
    const auto secret =
        Object::from_json({{"apiVersion", "v1"},
                           {"kind", "Secret"},
                           {"metadata", {{"name", "demo-kubeconfig"}, {"namespace", "default"}}},
                           {"data", {{"value", base64_encode(server.kubeconfig("demo"))}}}});
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

}  // namespace
}  // namespace capstan
