#include "@FILE@.h"

#include "plugin_test.h"

namespace @PACKAGE@ {
namespace {

class @KIND@Test : public PluginTest {
 protected:
  @KIND@Test()
      : volume(plugin, object_of("@GROUP@/v1alpha1", "@KIND@",
                                 {{"forProvider", {{"sizeGiB", 10}}}})) {}
  Reconciled volume;
};

TEST_F(@KIND@Test, it_is_made_once_and_becomes_ready) {
  volume.run(6);
  EXPECT_EQ(volume.condition("Ready"), "True") << volume.object.dump(1);
  EXPECT_EQ(volume.condition("Synced"), "True");
  EXPECT_EQ(int_at(volume.object, "status/atProvider/sizeGiB"), 10);
}

TEST_F(@KIND@Test, a_changed_size_is_written) {
  volume.run(6);
  volume.object["spec"]["forProvider"]["sizeGiB"] = 20;
  volume.run(3);
  EXPECT_EQ(in_cloud("volume")->properties["sizeGiB"], 20);
  EXPECT_EQ(int_at(volume.object, "status/atProvider/sizeGiB"), 20);
}

TEST_F(@KIND@Test, it_goes_with_its_object) {
  volume.run(6);
  volume.ask_deletion();
  volume.step();
  EXPECT_TRUE(volume.gone());
  EXPECT_FALSE(in_cloud("volume").has_value());
}

}  // namespace
}  // namespace @PACKAGE@
