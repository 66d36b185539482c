#include "plugins/docker/machine/preload.h"

#include <gtest/gtest.h>

#include "plugins/docker/testing/fake_engine.h"

namespace capstan::docker {
namespace {

using sdk::Code;

constexpr const char* kMark = "/var/lib/capstan/preload/0/complete";

// Gives one piece of an image, and then the call is cancelled unless it is told otherwise.
class CancelledEngine : public FakeEngine {
 public:
  bool cancelled = true;
  size_t piece = 100;
  Expected<EngineResponse> stream(const EngineRequest& request, const ChunkSink& sink) override {
    if (!cancelled) return FakeEngine::stream(request, sink);
    if (!sink(std::string(piece, 'i'))) return Error::cancelled("the transfer was ended");
    return Error::cancelled("the call was given up");
  }
};

class PreloadTest : public testing::Test {
 protected:
  PreloadTest() {
    transport.images.insert("app:1");
    transport.containers["id-1"] = {.id = "id-1", .name = "node", .state = "running"};
  }
  sdk::Step<sdk::Done> preload(const std::string& node) {
    return preload_images(engine, puller, node, {"app:1"});
  }
  bool marked() { return transport.named("node")->files.contains(kMark); }

  CancelledEngine transport;
  Engine engine{transport};
  ImagePuller puller{engine, [] { return 0; }};
};

TEST_F(PreloadTest, an_image_whose_transfer_was_cancelled_is_not_complete_and_is_copied_again) {
  const auto step = preload("node");
  ASSERT_TRUE(step.failed());
  EXPECT_EQ(step.error().code, Code::kCancelled);
  EXPECT_FALSE(marked());

  transport.cancelled = false;
  EXPECT_TRUE(preload("node").done());
  EXPECT_TRUE(marked());
}

TEST_F(PreloadTest, what_the_node_refused_is_the_reason_why_a_transfer_was_ended) {
  transport.piece = 17u << 20;  // more than is kept in memory
  const auto step = preload("gone");
  ASSERT_TRUE(step.failed());
  EXPECT_EQ(step.error().code, Code::kNotFound);
}

}  // namespace
}  // namespace capstan::docker
