#include "runtime/api/request_metrics.h"

#include <gtest/gtest.h>

namespace capstan {
namespace {

class FakeExchange final : public HttpExchange {
 public:
  explicit FakeExchange(std::string method) { request_.method = std::move(method); }
  const HttpRequest& request() const override { return request_; }
  HttpRequest& mutable_request() override { return request_; }
  void respond(HttpResponse response) override { status = response.status; }
  void stream(HttpResponse, std::shared_ptr<HttpBodySource> given) override {
    body = std::move(given);
  }
  void upgrade(HttpResponse, std::shared_ptr<HttpTunnel>) override {}

  int status = 0;
  std::shared_ptr<HttpBodySource> body;

 private:
  HttpRequest request_;
};

class EndlessBody final : public HttpBodySource {
 public:
  void open(std::function<void()>) override {}
  State read(std::string& out) override {
    out += "more";
    return State::kOpen;
  }
  void drain() override {}
};

class RequestMetricsTest : public testing::Test {
 protected:
  bool says(const std::string& line) {
    return ("\n" + registry.text()).find("\n" + line + "\n") != std::string::npos;
  }

  MetricsRegistry registry;
  ManualClock clock;
  RequestMetrics metrics{registry, clock};
};

constexpr const char* kMachines =
    "component=\"apiserver\",group=\"cluster.x-k8s.io\",resource=\"machines\",scope=\"namespace\","
    "subresource=\"\",verb=\"LIST\",version=\"v1beta2\"";
const RequestLabels kListMachines{"LIST", "cluster.x-k8s.io", "v1beta2", "machines",
                                  "",     "namespace"};

std::string with_code(const std::string& labels, const std::string& code) {
  return "apiserver_request_total{code=\"" + code + "\"," + labels + "}";
}

TEST_F(RequestMetricsTest, a_request_is_counted_by_its_answer_and_timed) {
  auto inner = std::make_shared<FakeExchange>("GET");
  {
    const auto exchange = metrics.measure(inner);
    exchange->describe(kListMachines);
    EXPECT_TRUE(says("apiserver_current_inflight_requests{request_kind=\"readOnly\"} 1"));
    clock.advance(std::chrono::milliseconds(30));
    exchange->respond({.status = 200, .headers = {}, .body = {}, .shared_body = {}});
  }
  EXPECT_EQ(inner->status, 200);
  EXPECT_TRUE(says("apiserver_current_inflight_requests{request_kind=\"readOnly\"} 0"));
  EXPECT_TRUE(says(with_code(kMachines, "200") + " 1")) << registry.text();
  EXPECT_TRUE(says("apiserver_request_duration_seconds_sum{" + std::string(kMachines) + "} 0.03"));
}

TEST_F(RequestMetricsTest, a_watch_is_open_until_its_connection_lets_go_of_it) {
  auto inner = std::make_shared<FakeExchange>("GET");
  RequestLabels labels = kListMachines;
  labels.verb = "WATCH";
  auto exchange = metrics.measure(inner);
  exchange->describe(labels);
  exchange->stream({}, std::make_shared<EndlessBody>());
  exchange.reset();
  const std::string line =
      "apiserver_longrunning_requests{component=\"apiserver\",group=\"cluster.x-k8s.io\","
      "resource=\"machines\",scope=\"namespace\",subresource=\"\",verb=\"WATCH\","
      "version=\"v1beta2\"} ";
  EXPECT_TRUE(says(line + "1")) << registry.text();
  std::string read;
  EXPECT_EQ(inner->body->read(read), HttpBodySource::State::kOpen);
  EXPECT_EQ(read, "more");
  inner->body.reset();
  EXPECT_TRUE(says(line + "0"));
}

TEST_F(RequestMetricsTest, methods_that_a_client_makes_up_are_one) {
  for (const char* method : {"BREW", "STEEP"}) {
    metrics.measure(std::make_shared<FakeExchange>(method))
        ->respond({.status = 405, .headers = {}, .body = {}, .shared_body = {}});
  }
  EXPECT_TRUE(
      says("apiserver_request_total{code=\"405\",component=\"apiserver\",group=\"\","
           "resource=\"\",scope=\"\",subresource=\"\",verb=\"other\",version=\"\"} 2"))
      << registry.text();
}

}  // namespace
}  // namespace capstan
