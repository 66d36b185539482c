#include "runtime/workload/pod_tunnel.h"

#include <gtest/gtest.h>

#include "runtime/base/text.h"
#include "runtime/store/store.h"
#include "runtime/workload/etcd_client.h"
#include "runtime/workload/fake_kubernetes.h"
#include "runtime/workload/http_workload_clusters.h"

namespace capstan {
namespace {

using namespace std::chrono_literals;

const std::string kPath = "/api/v1/namespaces/kube-system/pods/etcd-a/portforward?ports=2379";

// A cluster with one etcd member, which speaks with certificates of its own authority.
class PodTunnelTest : public testing::Test {
 protected:
  PodTunnelTest() {
    const Instant now = clock_.now();
    etcd_ca_ = make_ca({.common_name = "etcd-ca"}, now).value();
    server_certificate_ =
        issue_certificate(
            {.ca = etcd_ca_, .common_name = "a", .dns_names = {"a", "localhost"}, .server = true},
            now)
            .value();
    const CertificateAndKey client =
        issue_certificate({.ca = etcd_ca_, .common_name = "capstan", .client = true}, now).value();
    request_.pod = "etcd-a";
    request_.port = 2379;
    request_.server_name = "a";
    request_.ca_pem = etcd_ca_.certificate_pem;
    request_.certificate_pem = client.certificate_pem;
    request_.key_pem = client.key_pem;
    auto secret =
        Object::from_json({{"apiVersion", "v1"},
                           {"kind", "Secret"},
                           {"metadata", {{"name", "demo-kubeconfig"}, {"namespace", "default"}}},
                           {"data", {{"value", base64_encode(server_.kubeconfig("demo"))}}}});
    EXPECT_TRUE(store_->commit({{Write::Op::kCreate, (*secret)->key(), *secret}}).ok());
  }

  void serve_etcd(FakePod pod) {
    server_.on(kPath, fake_port_forward(server_certificate_, etcd_ca_.certificate_pem, pod));
  }

  Result<WorkloadResponse> send() { return clusters_->pod_request({"default", "demo"}, request_); }

  FakeKubernetes server_;
  SystemClock clock_;
  SystemRandom random_;
  CertificateAndKey etcd_ca_, server_certificate_;
  PodRequest request_;
  std::unique_ptr<Store> store_ = make_memory_store();
  std::unique_ptr<WatchCache> cache_ = make_watch_cache(*store_).value();
  std::unique_ptr<WorkloadClusters> clusters_ =
      make_http_workload_clusters(*cache_, clock_, random_);
};

TEST_F(PodTunnelTest, a_request_goes_through_to_the_pod_and_back) {
  serve_etcd([](const std::string& path, const std::string& body) {
    return std::pair(200, path + " " + body);
  });
  request_.request = {.method = "POST", .path = "/v3/x", .body = "{\"a\":1}"};
  const auto response = send();
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "/v3/x {\"a\":1}");
}

TEST_F(PodTunnelTest, the_pods_certificate_is_given_where_it_is_asked_for) {
  serve_etcd([](const std::string&, const std::string&) { return std::pair(200, ""); });
  request_.request.path = "/";
  const auto silent = send();
  ASSERT_TRUE(silent.ok()) << silent.error().message;
  EXPECT_EQ(silent->peer_certificate_pem, "");
  request_.want_peer_certificate = true;
  const auto response = send();
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->peer_certificate_pem, server_certificate_.certificate_pem);
}

TEST_F(PodTunnelTest, a_large_answer_arrives_whole) {
  const std::string large(1'000'000, 'x');
  serve_etcd([&](const std::string&, const std::string&) { return std::pair(200, large); });
  request_.request.path = "/";
  const auto response = send();
  ASSERT_FALSE(response.ok() && response->body.size() != large.size());
}

TEST_F(PodTunnelTest, a_pod_of_another_authority_is_not_talked_to) {
  bool asked = false;
  serve_etcd([&](const std::string&, const std::string&) {
    asked = true;
    return std::pair(200, std::string());
  });
  request_.request.path = "/";
  const std::string ca = std::exchange(request_.ca_pem, server_.ca().certificate_pem);
  EXPECT_NE(send().error().message.find("certificate is not accepted"), std::string::npos);
  request_.ca_pem = ca;
  request_.server_name = "b";
  EXPECT_EQ(send().code(), Code::kUnavailable);
  EXPECT_FALSE(asked);
}

TEST_F(PodTunnelTest, a_port_that_nobody_listens_on_is_told) {
  server_.on(kPath, fake_refused_port_forward("connect: connection refused"));
  request_.request.path = "/";
  const auto response = send();
  EXPECT_EQ(response.code(), Code::kUnavailable);
  EXPECT_NE(response.error().message.find("pod kube-system/etcd-a port 2379"), std::string::npos);
  EXPECT_NE(response.error().message.find("connection refused"), std::string::npos);
}

TEST_F(PodTunnelTest, a_pod_that_is_not_there_or_forbidden_is_told) {
  request_.request.path = "/";
  EXPECT_EQ(send().code(), Code::kNotFound);
  server_.on(kPath, [](FakeExchange& exchange) { exchange.answer(403, "no"); });
  EXPECT_EQ(send().code(), Code::kPermissionDenied);
}

TEST_F(PodTunnelTest, a_pod_that_says_nothing_costs_no_more_than_the_timeout) {
  server_.on(kPath, [](FakeExchange& exchange) { exchange.wait_for_stop(); });
  request_.request = {.path = "/", .timeout = 50ms};
  const auto response = send();
  EXPECT_EQ(response.code(), Code::kUnavailable);
  EXPECT_NE(response.error().message.find("timed out"), std::string::npos);
}

TEST_F(PodTunnelTest, names_that_would_change_the_path_are_refused) {
  request_.request.path = "/";
  for (const char* pod : {"", "../secrets", "a b", "a?x"}) {
    request_.pod = pod;
    EXPECT_EQ(send().code(), Code::kInvalid) << pod;
  }
}

class EtcdClientTest : public PodTunnelTest {
 protected:
  std::vector<std::string> asked_;
  EtcdClient etcd_{*clusters_, {"default", "demo"}, request_};
};

TEST_F(EtcdClientTest, members_are_listed_with_ids_beyond_doubles) {
  serve_etcd([](const std::string& path, const std::string&) {
    EXPECT_EQ(path, "/v3/cluster/member/list");
    return std::pair(200, std::string(R"({"header":{"member_id":"1"},"members":[
      {"ID":"9372538179322589801","name":"a","peerURLs":["https://10.0.0.1:2380"],
       "clientURLs":["https://10.0.0.1:2379"]},
      {"ID":"7","peerURLs":["https://10.0.0.2:2380"],"isLearner":true}]})"));
  });
  const auto members = etcd_.members();
  ASSERT_TRUE(members.ok()) << members.error().message;
  ASSERT_EQ(members->size(), 2u);
  EXPECT_EQ(members->at(0).id, 9372538179322589801u);
  EXPECT_EQ(members->at(0).name, "a");
  EXPECT_EQ(members->at(0).client_urls.at(0), "https://10.0.0.1:2379");
  EXPECT_TRUE(members->at(1).learner);
}

TEST_F(EtcdClientTest, the_status_says_who_leads) {
  serve_etcd([](const std::string&, const std::string&) {
    return std::pair(200, std::string(R"({"header":{"member_id":"5"},"version":"3.6.5",
      "dbSize":"20480","leader":"6","errors":["NOSPACE"]})"));
  });
  const auto status = etcd_.status();
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_EQ(status->member, 5u);
  EXPECT_EQ(status->leader, 6u);
  EXPECT_EQ(status->db_size, 20480);
  EXPECT_EQ(status->errors, std::vector<std::string>{"NOSPACE"});
}

TEST_F(EtcdClientTest, removing_and_moving_name_the_member) {
  serve_etcd([&](const std::string& path, const std::string& body) {
    asked_.push_back(path + " " + body);
    return std::pair(200, std::string("{}"));
  });
  EXPECT_TRUE(etcd_.remove_member(9372538179322589801u).ok());
  EXPECT_TRUE(etcd_.transfer_leadership(7).ok());
  EXPECT_EQ(asked_,
            (std::vector<std::string>{R"(/v3/cluster/member/remove {"ID":"9372538179322589801"})",
                                      R"(/v3/maintenance/transfer-leadership {"targetID":"7"})"}));
}

TEST_F(EtcdClientTest, a_member_that_is_gone_is_not_found) {
  serve_etcd([](const std::string&, const std::string&) {
    return std::pair(404, std::string(R"({"code":5,"message":"etcdserver: member not found"})"));
  });
  const auto removed = etcd_.remove_member(1);
  EXPECT_EQ(removed.code(), Code::kNotFound);
  EXPECT_NE(removed.error().message.find("member not found"), std::string::npos);
}

}  // namespace
}  // namespace capstan
