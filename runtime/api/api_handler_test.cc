#include "runtime/api/api_handler.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace capstan {
namespace {

// An administrator's GET whose answer is noted.
class NotedExchange final : public HttpExchange {
 public:
  explicit NotedExchange(const std::string& target) {
    HttpPeer admin;
    admin.has_certificate = true;
    admin.common_name = "admin";
    admin.organizations = {"system:masters"};
    request_ = {"GET", target, {}, "", std::make_shared<const HttpPeer>(admin)};
  }
  const HttpRequest& request() const override { return request_; }
  HttpRequest& mutable_request() override { return request_; }
  void respond(HttpResponse response) override { status.set_value(response.status); }
  void stream(HttpResponse, std::shared_ptr<HttpBodySource>) override {}
  void upgrade(HttpResponse, std::shared_ptr<HttpTunnel>) override {}

  std::promise<int> status;

 private:
  HttpRequest request_;
};

class ApiHandlerTest : public testing::Test {
 protected:
  SystemClock clock_;
  SystemRandom random_;
  KindRegistry kinds_;
  std::unique_ptr<Store> store_ = make_memory_store();
  std::unique_ptr<WatchCache> cache_ = make_watch_cache(*store_).value();
  std::unique_ptr<ResourceService> service_ =
      make_resource_service({*store_, *cache_, kinds_, clock_, random_, {}, {}});
};

TEST_F(ApiHandlerTest, only_who_is_known_may_send_a_body) {
  EventLoop loop({.workers = 1});
  ApiHandlerOptions options;
  options.authenticator = *Authenticator::from_token_file("secret,ann,1");
  ApiHandler handler(loop, *service_, std::move(options));
  HttpRequest head{"POST", "/api/v1/secrets", {}, "", std::make_shared<const HttpPeer>()};
  EXPECT_FALSE(handler.wants_body(head));
  head.headers = {{"authorization", "Bearer guessed"}};
  EXPECT_FALSE(handler.wants_body(head));
  head.headers = {{"authorization", "Bearer secret"}};
  EXPECT_TRUE(handler.wants_body(head));
}

TEST_F(ApiHandlerTest, it_goes_only_after_what_it_has_running_on_the_workers) {
  EventLoop loop({.workers = 1});
  auto handler = std::make_unique<ApiHandler>(loop, *service_, ApiHandlerOptions{});
  std::promise<void> release;
  ASSERT_TRUE(loop.run_blocking([&release] { release.get_future().wait(); }));
  const auto exchange = std::make_shared<NotedExchange>("/openapi/v3");
  auto status = exchange->status.get_future();
  handler->handle(exchange);  // waits for the only worker
  std::promise<void> going;
  bool answered_before = false;
  std::thread end([&] {
    going.set_value();
    handler.reset();
    answered_before = status.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  });
  going.get_future().wait();
  release.set_value();
  end.join();
  EXPECT_TRUE(answered_before);
  EXPECT_EQ(status.get(), 200);
}

}  // namespace
}  // namespace capstan
