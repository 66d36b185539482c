#include "plugins/docker/client/engine.h"

#include <gtest/gtest.h>

#include "plugins/docker/client/engine_transport.h"
#include "plugins/docker/client/images.h"
#include "plugins/docker/testing/fake_engine.h"

namespace capstan::docker {
namespace {

using sdk::Code;

TEST(EngineTest, a_socket_that_does_not_exist_is_named_with_what_to_do) {
  auto transport = connect_engine("unix:///nonexistent/docker.sock");
  ASSERT_TRUE(transport.ok());
  Engine engine(**transport);
  const auto found = has_image(engine, "a:b");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().reason, "EngineUnavailable");
  EXPECT_NE(found.error().summary.find("/nonexistent/docker.sock"), std::string::npos);
  EXPECT_NE(found.error().summary.find("does not exist"), std::string::npos);
  EXPECT_NE(found.error().detail.find("start Docker"), std::string::npos);
}

TEST(EngineTest, a_host_that_is_no_address_of_an_engine_is_refused) {
  for (const char* host : {"", "docker", "unix://relative", "tcp://host", "tcp://host:0",
                           "tcp://host:99999", "ssh://host"}) {
    EXPECT_EQ(connect_engine(host).code(), Code::kInvalid) << host;
  }
}

TEST(EngineTest, refusals_say_what_was_tried_and_what_to_do) {
  const Error full = engine_error(500, R"({"message":"write /x: no space left on device"})",
                                  "creating container a", "unix:///s");
  EXPECT_EQ(full.code, Code::kResourceExhausted);
  EXPECT_EQ(full.reason, "NoSpace");
  EXPECT_EQ(full.summary, "creating container a: write /x: no space left on device");
  EXPECT_NE(full.detail.find("docker system prune"), std::string::npos);
  EXPECT_EQ(engine_error(404, "no json", "x", "h").code, Code::kNotFound);
  EXPECT_EQ(engine_error(409, "{}", "x", "h").code, Code::kConflict);
  EXPECT_EQ(engine_error(500, "", "x", "h").summary, "x: HTTP status 500");
}

// Answers every request with the same version.
class OldEngine : public EngineTransport {
 public:
  std::string version = R"({"ApiVersion":"1.24","MinAPIVersion":"1.12"})";
  std::string last_path;
  Expected<EngineResponse> send(const EngineRequest& request) override {
    last_path = request.path;
    return EngineResponse{200, version};
  }
  Expected<EngineResponse> stream(const EngineRequest& request, const ChunkSink&) override {
    return send(request);
  }
  std::string host() const override { return "fake://old"; }
};

TEST(EngineTest, an_engine_that_is_too_old_is_told_apart) {
  OldEngine transport;
  Engine engine(transport);
  EXPECT_EQ(has_image(engine, "a:b").error().reason, "EngineTooOld");
}

TEST(EngineTest, an_engine_that_has_dropped_our_version_is_spoken_to_in_its_oldest) {
  OldEngine transport;
  transport.version = R"({"ApiVersion":"1.52","MinAPIVersion":"1.44"})";
  Engine engine(transport);
  EXPECT_TRUE(has_image(engine, "a:b").ok());
  EXPECT_EQ(transport.last_path, "/v1.44/images/a:b/json");
}

TEST(EngineTest, queries_are_percent_encoded) {
  EXPECT_EQ(query({{"a", "x y&z"}, {"filters", "{\"l\":1}"}}),
            "?a=x%20y%26z&filters=%7B%22l%22:1%7D");
}

TEST(ImagesTest, a_pull_that_the_registry_refuses_names_the_image_and_the_reason) {
  FakeEngine transport;
  transport.pull_error = "manifest unknown";
  Engine engine(transport);
  const auto pulled = pull_image(engine, "a/b:c", [](const std::string&) { return true; });
  ASSERT_FALSE(pulled.ok());
  EXPECT_EQ(pulled.error().reason, "ImagePullFailed");
  EXPECT_NE(pulled.error().summary.find("a/b:c"), std::string::npos);
  EXPECT_NE(pulled.error().summary.find("manifest unknown"), std::string::npos);
}

TEST(ImagesTest, a_pull_tells_how_far_it_is) {
  FakeEngine transport;
  Engine engine(transport);
  std::string last;
  EXPECT_TRUE(pull_image(engine, "a/b:c", [&](const std::string& progress) {
                last = progress;
                return true;
              }).ok());
  EXPECT_EQ(last, "1 of 1 layers");
}

}  // namespace
}  // namespace capstan::docker
