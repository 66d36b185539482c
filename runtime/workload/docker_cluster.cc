// Against a real Kubernetes cluster: a control plane in a Docker container, named by the
// environment variable CAPSTAN_TEST_CONTROL_PLANE. Reads its credentials by `docker exec`; changes
// nothing.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "runtime/base/text.h"
#include "runtime/store/store.h"
#include "runtime/system/pki.h"
#include "runtime/workload/etcd_client.h"
#include "runtime/workload/http_workload_clusters.h"
#include "runtime/workload/kubeconfig.h"

namespace capstan {
namespace {

using namespace std::chrono_literals;

const ClusterName kCluster{"default", "real"};

std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = popen((command + " 2>/dev/null").c_str(), "r");
  std::array<char, 4096> buffer;
  while (const size_t count = fread(buffer.data(), 1, buffer.size(), pipe)) {
    text.append(buffer.data(), count);
  }
  pclose(pipe);
  return text;
}

class RealClusterTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* container = getenv("CAPSTAN_TEST_CONTROL_PLANE");
    if (container == nullptr) {
      GTEST_SKIP() << "CAPSTAN_TEST_CONTROL_PLANE names no container of a control plane";
    }
    container_ = container;
    const auto config = parse_kubeconfig(read("/etc/kubernetes/admin.conf"));
    ASSERT_TRUE(config.ok()) << config.error().message;
    const std::string address(trim(
        output_of("docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' " +
                  container_)));
    node_ = trim(output_of("docker exec " + container_ + " hostname"));
    const std::string kubeconfig = make_kubeconfig({.cluster = "real",
                                                    .server = "https://" + address + ":6443",
                                                    .ca_pem = config->ca_pem,
                                                    .certificate_pem = config->certificate_pem,
                                                    .key_pem = config->key_pem});
    auto secret =
        Object::from_json({{"apiVersion", "v1"},
                           {"kind", "Secret"},
                           {"metadata", {{"name", "real-kubeconfig"}, {"namespace", "default"}}},
                           {"data", {{"value", base64_encode(kubeconfig)}}}});
    ASSERT_TRUE(store_->commit({{Write::Op::kCreate, (*secret)->key(), *secret}}).ok());
    clusters_ = make_http_workload_clusters(*cache_, clock_, random_);
    clusters_->on_change([this](const ClusterName&) { changed_.notify_all(); });
  }

  std::string read(const std::string& path) {
    return output_of("docker exec " + container_ + " cat " + path);
  }

  PodRequest member() {
    const CertificateAndKey ca{read("/etc/kubernetes/pki/etcd/ca.crt"),
                               read("/etc/kubernetes/pki/etcd/ca.key")};
    const auto client =
        issue_certificate({.ca = ca, .common_name = "capstan-test", .client = true}, clock_.now());
    EXPECT_TRUE(client.ok());
    return {.pod = "etcd-" + node_,
            .port = 2379,
            .server_name = node_,
            .ca_pem = ca.certificate_pem,
            .certificate_pem = client->certificate_pem,
            .key_pem = client->key_pem};
  }

  std::string container_, node_;
  SystemClock clock_;
  SystemRandom random_;
  std::unique_ptr<Store> store_ = make_memory_store();
  std::unique_ptr<WatchCache> cache_ = make_watch_cache(*store_).value();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::unique_ptr<WorkloadClusters> clusters_;
};

TEST_F(RealClusterTest, the_api_server_answers) {
  const auto response = clusters_->request(kCluster, {.path = "/version"});
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_NE(response->body.find("gitVersion"), std::string::npos);
}

TEST_F(RealClusterTest, its_nodes_are_watched) {
  std::unique_lock lock(mutex_);
  const bool found = changed_.wait_for(lock, 20s, [this] {
    const auto nodes = clusters_->nodes(kCluster);
    return nodes.ok() && !nodes->empty();
  });
  ASSERT_TRUE(found) << clusters_->nodes(kCluster).error().message;
  const auto nodes = clusters_->nodes(kCluster);
  for (const auto& node : *nodes) {
    EXPECT_NE(find(*node, {"status", "nodeInfo", "kubeletVersion"}), nullptr);
    RecordProperty(get_string(*node, {"metadata", "name"}),
                   static_cast<int>(dump_json(*node).size()));
  }
}

TEST_F(RealClusterTest, etcd_is_asked_through_the_port_forward) {
  EtcdClient etcd(*clusters_, kCluster, member());
  const auto members = etcd.members();
  ASSERT_TRUE(members.ok()) << members.error().message;
  ASSERT_FALSE(members->empty());
  const auto status = etcd.status();
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_NE(status->leader, 0u);
  const auto removed = etcd.remove_member(12345);
  EXPECT_EQ(removed.code(), Code::kNotFound) << removed.error().message;
}

TEST_F(RealClusterTest, a_port_that_nobody_listens_on_is_told) {
  PodRequest request = member();
  request.port = 1;
  request.request = {.path = "/"};
  const auto response = clusters_->pod_request(kCluster, request);
  EXPECT_EQ(response.code(), Code::kUnavailable);
  EXPECT_NE(response.error().message.find("refused"), std::string::npos)
      << response.error().message;
}

TEST_F(RealClusterTest, a_pod_that_is_not_there_is_not_found) {
  PodRequest request = member();
  request.pod = "etcd-nobody";
  request.request = {.path = "/"};
  EXPECT_EQ(clusters_->pod_request(kCluster, request).code(), Code::kNotFound);
}

}  // namespace
}  // namespace capstan
