#include "runtime/api/resource_request.h"

#include <gtest/gtest.h>

namespace capstan {
namespace {

// A DELETE with that body, which nobody answers.
class Deletion final : public HttpExchange {
 public:
  explicit Deletion(std::string body) {
    request_ = {"DELETE",
                "/api/v1/namespaces/a/secrets/b",
                {{"content-type", "application/json"}},
                std::move(body),
                std::make_shared<const HttpPeer>()};
  }
  const HttpRequest& request() const override { return request_; }
  HttpRequest& mutable_request() override { return request_; }
  void respond(HttpResponse) override {}
  void stream(HttpResponse, std::shared_ptr<HttpBodySource>) override {}
  void upgrade(HttpResponse, std::shared_ptr<HttpTunnel>) override {}

 private:
  HttpRequest request_;
};

Result<DeleteOptions> options_of(const std::string& version) {
  ResourceRequest request;
  request.exchange =
      std::make_shared<Deletion>(R"({"preconditions": {"resourceVersion": ")" + version + "\"}}");
  return delete_options(request);
}

TEST(DeleteOptionsTest, a_resource_version_is_taken_as_it_was_given) {
  const auto options = options_of("17");
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->resource_version, 17u);
}

TEST(DeleteOptionsTest, a_resource_version_that_this_server_cannot_have_given_is_refused) {
  for (const char* version : {"17x", "17 ", "0", "x", "-1", "99999999999999999999"}) {
    const auto options = options_of(version);
    ASSERT_EQ(options.code(), Code::kInvalid) << version;
    EXPECT_NE(options.error().message.find("was not given by this server"), std::string::npos);
  }
}

}  // namespace
}  // namespace capstan
