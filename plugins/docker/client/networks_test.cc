#include "plugins/docker/client/networks.h"

#include <gtest/gtest.h>

#include "plugins/docker/testing/fake_engine.h"

namespace capstan::docker {
namespace {

constexpr const char* kBridge = "com.docker.network.bridge.name";

TEST(NetworksTest, the_bridge_is_called_after_the_network_so_that_rules_can_name_it) {
  FakeEngine fake;
  Engine engine(fake);
  ASSERT_TRUE(create_network(engine, "capstan", {}).ok());
  EXPECT_EQ(fake.networks.at("capstan").options.value(kBridge, ""), "br-capstan");
}

TEST(NetworksTest, a_name_that_is_too_long_for_an_interface_leaves_the_bridge_to_the_engine) {
  FakeEngine fake;
  Engine engine(fake);
  ASSERT_TRUE(create_network(engine, "a-longer-name", {}).ok());
  EXPECT_FALSE(fake.networks.at("a-longer-name").options.contains(kBridge));
}

}  // namespace
}  // namespace capstan::docker
