#include "runtime/workload/http_workload_clusters.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <future>

#include "runtime/base/text.h"
#include "runtime/store/store.h"
#include "runtime/workload/fake_kubernetes.h"

namespace capstan {
namespace {

using namespace std::chrono_literals;

const ClusterName kDemo{"default", "demo"};

class WorkloadClustersTest : public testing::Test {
 protected:
  WorkloadClustersTest() {
    options_.nodes.first_pause = 5ms;
    options_.nodes.longest_pause = 20ms;
    options_.nodes.coalesce = 1ms;
    options_.tidy_every = 20ms;
  }

  // Puts the cluster's kubeconfig into its Secret.
  void connect(const ClusterName& cluster, const std::string& kubeconfig) {
    const ObjectKey key{{"", "Secret"}, cluster.ns, cluster.name + "-kubeconfig"};
    const bool there = cache_->get(key) != nullptr;
    auto object = Object::from_json({{"apiVersion", "v1"},
                                     {"kind", "Secret"},
                                     {"metadata", {{"name", key.name}, {"namespace", key.ns}}},
                                     {"data", {{"value", base64_encode(kubeconfig)}}}});
    const auto op = there ? Write::Op::kUpdate : Write::Op::kCreate;
    ASSERT_TRUE(store_->commit({{op, key, *object}}).ok());
  }

  WorkloadClusters& clusters() {
    if (!clusters_) {
      clusters_ = make_http_workload_clusters(*cache_, clock_, random_, options_);
      clusters_->on_change([this](const ClusterName&) {
        const std::lock_guard lock(mutex_);
        ++changes_;
        changed_.notify_all();
      });
    }
    return *clusters_;
  }

  // Whether it becomes true; asked again at each change of a cluster.
  bool eventually(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    for (;;) {
      int seen;
      {
        const std::lock_guard lock(mutex_);
        seen = changes_;
      }
      if (holds()) return true;
      std::unique_lock lock(mutex_);
      if (!changed_.wait_until(lock, end, [&] { return changes_ != seen; })) return holds();
    }
  }

  bool eventually_nodes(size_t count) {
    return eventually([&] {
      const auto nodes = clusters().nodes(kDemo);
      return nodes.ok() && nodes->size() == count;
    });
  }

  Result<WorkloadResponse> get(const std::string& path, Duration timeout = 10s) {
    return clusters().request(kDemo, {.path = path, .timeout = timeout});
  }

  FakeKubernetes server_;
  SystemClock clock_;
  SystemRandom random_;
  std::unique_ptr<Store> store_ = make_memory_store();
  std::unique_ptr<WatchCache> cache_ = make_watch_cache(*store_).value();
  WorkloadOptions options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int changes_ = 0;
  std::unique_ptr<WorkloadClusters> clusters_;  // ends first
};

TEST_F(WorkloadClustersTest, a_request_speaks_with_the_kubeconfigs_certificate) {
  server_.on("/echo", [](FakeExchange& exchange) {
    exchange.answer(201, exchange.method + " " + exchange.peer + " " +
                             exchange.headers["content-type"] + " " + exchange.body);
  });
  connect(kDemo, server_.kubeconfig("demo"));
  const auto response = clusters().request(kDemo, {.method = "PATCH",
                                                   .path = "/echo",
                                                   .content_type = "application/merge-patch+json",
                                                   .body = "{}"});
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body, "PATCH kubernetes-admin application/merge-patch+json {}");
}

TEST_F(WorkloadClustersTest, requests_share_a_kept_connection) {
  connect(kDemo, server_.kubeconfig("demo"));
  for (int i = 0; i < 20; ++i) ASSERT_EQ(get("/x")->status, 404);
  EXPECT_EQ(server_.connections(), 1);
}

TEST_F(WorkloadClustersTest, a_cluster_has_only_so_many_connections) {
  options_.pool.most_connections = 3;
  connect(kDemo, server_.kubeconfig("demo"));
  clusters();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this] {
      for (int n = 0; n < 10; ++n) EXPECT_EQ(get("/x").value().status, 404);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(server_.connections(), 3);
}

TEST_F(WorkloadClustersTest, a_cluster_without_kubeconfig_names_the_secret) {
  const auto response = get("/x");
  EXPECT_EQ(response.code(), Code::kFailedPrecondition);
  EXPECT_NE(response.error().message.find("Secret default/demo-kubeconfig"), std::string::npos);
  EXPECT_EQ(clusters().nodes(kDemo).code(), Code::kFailedPrecondition);
  connect(kDemo, "nonsense: [");
  EXPECT_EQ(get("/x").code(), Code::kFailedPrecondition);
  EXPECT_NE(get("/x").error().message.find("no usable kubeconfig"), std::string::npos);
}

TEST_F(WorkloadClustersTest, an_error_status_is_an_answer) {
  server_.on("/busy",
             [](FakeExchange& exchange) { exchange.answer(429, "later", "Retry-After: 7\r\n"); });
  server_.on("/broken", [](FakeExchange& exchange) { exchange.answer(500, "oh"); });
  connect(kDemo, server_.kubeconfig("demo"));
  EXPECT_EQ(get("/busy")->status, 429);
  EXPECT_EQ(get("/busy")->retry_after, 7s);
  EXPECT_EQ(get("/broken")->status, 500);
  EXPECT_EQ(get("/broken")->body, "oh");
}

TEST_F(WorkloadClustersTest, a_server_that_never_answers_costs_no_more_than_the_timeout) {
  server_.on("/slow", [](FakeExchange& exchange) { exchange.wait_for_stop(); });
  connect(kDemo, server_.kubeconfig("demo"));
  const auto response = get("/slow", 50ms);
  EXPECT_EQ(response.code(), Code::kDeadlineExceeded);
  EXPECT_NE(response.error().message.find("cluster default/demo (127.0.0.1:"), std::string::npos);
}

TEST_F(WorkloadClustersTest, a_server_that_trickles_costs_no_more_than_the_timeout) {
  server_.on("/drip", [](FakeExchange& exchange) {
    std::string text = "HTTP/1.1 200 OK\r\nX-Long: ";
    while (exchange.send(text)) text = "x";
    exchange.cut();
  });
  connect(kDemo, server_.kubeconfig("demo"));
  EXPECT_FALSE(get("/drip", 100ms).ok());
}

TEST_F(WorkloadClustersTest, an_answer_that_is_cut_is_an_error) {
  server_.on("/cut", [](FakeExchange& exchange) {
    exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"kind\":");
    exchange.cut();
  });
  connect(kDemo, server_.kubeconfig("demo"));
  EXPECT_EQ(get("/cut").code(), Code::kUnavailable);
}

TEST_F(WorkloadClustersTest, a_get_survives_that_the_server_closed_the_kept_connection) {
  server_.on("/once", [](FakeExchange& exchange) {
    exchange.answer(200, "ok");
    exchange.cut();
  });
  connect(kDemo, server_.kubeconfig("demo"));
  for (int i = 0; i < 5; ++i) {
    const auto response = get("/once");
    ASSERT_TRUE(response.ok()) << response.error().message;
  }
}

TEST_F(WorkloadClustersTest, a_server_of_another_authority_is_not_talked_to) {
  FakeKubernetes other;
  std::string kubeconfig = other.kubeconfig("demo");
  const std::string port = std::to_string(other.port());
  kubeconfig.replace(kubeconfig.find(port), port.size(), std::to_string(server_.port()));
  connect(kDemo, kubeconfig);
  const auto response = get("/x");
  EXPECT_EQ(response.code(), Code::kUnavailable);
  EXPECT_NE(response.error().message.find("certificate verify failed"), std::string::npos)
      << response.error().message;
  EXPECT_FALSE(clusters().nodes(kDemo).ok());
  EXPECT_EQ(server_.requests("/"), 0);
}

TEST_F(WorkloadClustersTest, an_unreachable_cluster_fails_at_once_until_it_is_back) {
  connect(kDemo, server_.kubeconfig("demo"));
  server_.stop();
  const auto first = get("/x");
  EXPECT_EQ(first.code(), Code::kUnavailable);
  EXPECT_NE(first.error().message.find("cluster default/demo (127.0.0.1:"), std::string::npos);
  EXPECT_EQ(get("/x").code(), Code::kUnavailable);
  EXPECT_EQ(clusters().nodes(kDemo).code(), Code::kUnavailable);
  server_.start();
  EXPECT_TRUE(eventually([&] { return get("/x").ok(); }));
}

TEST_F(WorkloadClustersTest, nodes_follow_the_cluster) {
  server_.put_node("a", {{"providerID", "x:///a"}});
  connect(kDemo, server_.kubeconfig("demo"));
  ASSERT_TRUE(eventually_nodes(1));
  EXPECT_EQ(get_string(*clusters().nodes(kDemo)->at(0), {"spec", "providerID"}), "x:///a");
  server_.put_node("b");
  EXPECT_TRUE(eventually_nodes(2));
  server_.put_node("b", {{"unschedulable", true}});
  EXPECT_TRUE(eventually([&] {
    return get_bool(*clusters().nodes(kDemo)->at(1), {"spec", "unschedulable"});
  }));
  server_.delete_node("a");
  EXPECT_TRUE(eventually_nodes(1));
  EXPECT_EQ(server_.requests("/api/v1/nodes?limit"), 1);
}

TEST_F(WorkloadClustersTest, a_watch_that_ends_goes_on_where_it_was) {
  connect(kDemo, server_.kubeconfig("demo"));
  ASSERT_TRUE(eventually_nodes(0));
  for (int i = 1; i <= 3; ++i) {
    ASSERT_TRUE(server_.wait_for_requests("/api/v1/nodes?watch", i));
    i % 2 == 1 ? server_.end_watches() : server_.cut_connections();
    server_.put_node("n" + std::to_string(i));
    EXPECT_TRUE(eventually_nodes(static_cast<size_t>(i)));
  }
  EXPECT_EQ(server_.requests("/api/v1/nodes?limit"), 1);
}

TEST_F(WorkloadClustersTest, a_watch_that_is_too_old_lists_again) {
  connect(kDemo, server_.kubeconfig("demo"));
  ASSERT_TRUE(eventually_nodes(0));
  ASSERT_TRUE(server_.wait_for_requests("/api/v1/nodes?watch", 1));
  server_.put_node("a");
  server_.compact();
  EXPECT_TRUE(eventually_nodes(1));
  EXPECT_TRUE(server_.wait_for_requests("/api/v1/nodes?limit", 2));
  ASSERT_TRUE(server_.wait_for_requests("/api/v1/nodes?watch", 2));
  server_.on("/api/v1/nodes?watch", [](FakeExchange& exchange) {
    exchange.answer(410, R"({"kind":"Status","code":410,"message":"too old"})");
  });
  server_.end_watches();
  EXPECT_TRUE(server_.wait_for_requests("/api/v1/nodes?limit", 3));
  server_.off("/api/v1/nodes?watch");
  server_.put_node("b");
  EXPECT_TRUE(eventually_nodes(2));
}

TEST_F(WorkloadClustersTest, a_watch_that_is_refused_or_broken_is_tried_again) {
  std::atomic<int> calls{0};
  server_.on("/api/v1/nodes?watch", [&](FakeExchange& exchange) {
    switch (calls++) {
      case 0:
        return exchange.answer(429, "", "Retry-After: 0\r\n");
      case 1:
        return exchange.answer(500, "no leader");
      case 2:
        exchange.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"ty");
        return exchange.cut();
      case 3:
        return exchange.answer(200, "nonsense\n");
      default:
        exchange.server().off("/api/v1/nodes?watch");
        return exchange.answer(200, "");
    }
  });
  connect(kDemo, server_.kubeconfig("demo"));
  ASSERT_TRUE(eventually_nodes(0));
  ASSERT_TRUE(server_.wait_for_requests("/api/v1/nodes?watch", 6));
  server_.put_node("a");
  EXPECT_TRUE(eventually_nodes(1));
}

TEST_F(WorkloadClustersTest, a_forbidden_list_is_told_as_such) {
  server_.on("/api/v1/nodes", [](FakeExchange& exchange) {
    exchange.answer(403, R"({"kind":"Status","code":403,"message":"nodes is forbidden"})");
  });
  connect(kDemo, server_.kubeconfig("demo"));
  (void)clusters().nodes(kDemo);
  ASSERT_TRUE(server_.wait_for_requests("/api/v1/nodes", 2));
  const auto nodes = clusters().nodes(kDemo);
  EXPECT_EQ(nodes.code(), Code::kPermissionDenied);
  EXPECT_NE(nodes.error().message.find("nodes is forbidden"), std::string::npos);
  EXPECT_EQ(get("/x")->status, 404);  // it is reachable all the same
}

TEST_F(WorkloadClustersTest, a_list_comes_in_pages) {
  server_.on("/api/v1/nodes?limit", [](FakeExchange& exchange) {
    const bool second = exchange.path.find("continue=a%2b") != std::string::npos;
    exchange.answer(
        200,
        dump_json({{"metadata", {{"resourceVersion", "100"}, {"continue", second ? "" : "a+"}}},
                   {"items", {{{"metadata", {{"name", second ? "b" : "a"}}}}}}}));
  });
  connect(kDemo, server_.kubeconfig("demo"));
  EXPECT_TRUE(eventually_nodes(2));
}

TEST_F(WorkloadClustersTest, a_changed_kubeconfig_makes_new_connections) {
  FakeKubernetes other;
  other.put_node("elsewhere");
  connect(kDemo, server_.kubeconfig("demo"));
  ASSERT_TRUE(eventually_nodes(0));
  EXPECT_EQ(get("/x")->status, 404);
  connect(kDemo, other.kubeconfig("demo"));
  EXPECT_TRUE(eventually_nodes(1));
  EXPECT_EQ(get("/x")->status, 404);
  EXPECT_EQ(other.requests("/x"), 1);
}

TEST_F(WorkloadClustersTest, a_deleted_kubeconfig_ends_the_watch) {
  connect(kDemo, server_.kubeconfig("demo"));
  ASSERT_TRUE(eventually_nodes(0));
  const ObjectKey key{{"", "Secret"}, "default", "demo-kubeconfig"};
  ASSERT_TRUE(store_->commit({{Write::Op::kDelete, key, nullptr}}).ok());
  EXPECT_EQ(clusters().nodes(kDemo).code(), Code::kFailedPrecondition);
}

TEST_F(WorkloadClustersTest, many_clusters_are_watched_by_one_thread) {
  const auto threads = [] {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return std::distance(begin(tasks), end(tasks));
  };
  server_.stop();  // its threads do not count: nobody can be reached
  clusters();
  const auto before = threads();
  for (int i = 0; i < 100; ++i) {
    const ClusterName cluster{"default", "c" + std::to_string(i)};
    connect(cluster, server_.kubeconfig(cluster.name));
    (void)clusters().nodes(cluster);
  }
  EXPECT_TRUE(eventually([&] {
    return clusters().nodes({"default", "c99"}).error().message.find("refused") !=
           std::string::npos;
  }));
  EXPECT_EQ(threads(), before);
}

TEST_F(WorkloadClustersTest, a_forgotten_cluster_starts_anew) {
  connect(kDemo, server_.kubeconfig("demo"));
  ASSERT_TRUE(eventually_nodes(0));
  clusters().forget(kDemo);
  ASSERT_TRUE(eventually_nodes(0));
  EXPECT_TRUE(server_.wait_for_requests("/api/v1/nodes?limit", 2));
}

// A server that accepts and does not answer.
class SilentServer {
 public:
  SilentServer() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(socket_, 8), 0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~SilentServer() { ::close(socket_); }
  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_); }
  void wait_for_request() const {
    const int accepted = ::accept(socket_, nullptr, nullptr);
    char byte = 0;
    EXPECT_EQ(::recv(accepted, &byte, 1, MSG_PEEK), 1);
  }

 private:
  int socket_;
  uint16_t port_ = 0;
};

TEST_F(WorkloadClustersTest, requests_under_way_and_new_ones_end_when_they_are_interrupted) {
  const SilentServer server;
  connect(kDemo,
          "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
          "contexts: [{name: c, context: {cluster: c, user: u}}]\n"
          "clusters: [{name: c, cluster: {server: \"" +
              server.url() +
              "\"}}]\n"
              "users: [{name: u, user: {token: t}}]\n");
  const WorkloadRequest request{.path = "/version", .timeout = 30s};
  WorkloadClusters& asked = clusters();
  auto answer = std::async(std::launch::async, [&] { return asked.request(kDemo, request); });
  server.wait_for_request();
  asked.set_interrupted(true);
  ASSERT_EQ(answer.wait_for(10s), std::future_status::ready);
  EXPECT_EQ(answer.get().code(), Code::kCancelled);
  EXPECT_EQ(asked.request(kDemo, request).code(), Code::kCancelled);
}

}  // namespace
}  // namespace capstan
