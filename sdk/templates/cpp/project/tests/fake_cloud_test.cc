#include "fake_cloud.h"

#include "plugin_test.h"

namespace @PACKAGE@ {
namespace {

class FakeCloudTest : public PluginTest {
 protected:
  FakeCloudTest() { EXPECT_TRUE(cloud.open(folder).ok()); }
  FakeCloud cloud;
};

TEST_F(FakeCloudTest, what_was_made_is_ready_at_the_second_look) {
  EXPECT_FALSE(cloud.create("server", "tag", {{"size", "small"}})->ready);
  EXPECT_FALSE((*cloud.find("server", "tag"))->ready);
  EXPECT_TRUE((*cloud.find("server", "tag"))->ready);
}

TEST_F(FakeCloudTest, a_tag_is_made_once) {
  const std::string id = cloud.create("server", "tag", {{"size", "small"}})->id;
  const auto again = cloud.create("server", "tag", {{"size", "large"}});
  EXPECT_EQ(again->id, id);
  EXPECT_EQ(again->properties["size"], "small");
}

TEST_F(FakeCloudTest, what_is_gone_is_removed) {
  (void)cloud.create("server", "tag", {});
  EXPECT_TRUE(cloud.remove("server", "tag").ok());
  EXPECT_FALSE(cloud.find("server", "tag")->has_value());
  EXPECT_TRUE(cloud.remove("server", "tag").ok());
}

TEST_F(FakeCloudTest, it_outlives_the_process_that_made_it) {
  (void)cloud.create("server", "uid-1", {{"size", "small"}});
  EXPECT_EQ(in_cloud("server")->properties["size"], "small");
}

TEST(FakeCloudSettingsTest, a_folder_is_absolute) {
  EXPECT_FALSE(FakeCloud().open("cloud").ok());
}

}  // namespace
}  // namespace @PACKAGE@
