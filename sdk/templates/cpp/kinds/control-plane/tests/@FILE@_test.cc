#include "@FILE@.h"

#include "plugin_test.h"

namespace @PACKAGE@ {
namespace {

class @KIND@Test : public PluginTest {
 protected:
  @KIND@Test()
      : plane(plugin, object_of("@GROUP@/v1beta2", "@KIND@",
                                {{"version", "v1.34.2"}})) {
    plane.cluster = cluster_object();
  }
  Reconciled plane;
};

TEST_F(@KIND@Test, a_control_plane_becomes_initialized_with_endpoint_and_kubeconfig) {
  plane.run(5);
  EXPECT_EQ(plane.condition("Available"), "True") << plane.object.dump(1);
  EXPECT_TRUE(capstan::sdk::bool_at(plane.object, "status/initialization/controlPlaneInitialized"));
  EXPECT_EQ(int_at(plane.object, "spec/controlPlaneEndpoint/port"), 6443);
  EXPECT_EQ(string_at(plane.object, "status/version"), "v1.34.2");
  const Json& secret = plane.last.reply.at("apply")[0];
  EXPECT_EQ(string_at(secret, "metadata/name"), "c-kubeconfig");
}

TEST_F(@KIND@Test, a_new_version_is_handed_to_the_cloud) {
  plane.run(5);
  plane.object["spec"]["version"] = "v1.35.0";
  plane.run(3);
  EXPECT_EQ(string_at(plane.object, "status/version"), "v1.35.0");
  EXPECT_EQ(plane.condition("Available"), "True");
}

TEST_F(@KIND@Test, a_version_that_is_not_offered_is_refused_for_good_with_its_field) {
  plane.object["spec"]["version"] = "newest";
  plane.run(5);
  ASSERT_EQ(plane.last.diagnostics.size(), 1u);
  EXPECT_EQ(plane.last.diagnostics[0].field, "/spec/version");
  EXPECT_TRUE(plane.last.diagnostics[0].terminal);
}

TEST_F(@KIND@Test, deletion_removes_the_control_plane_and_then_the_finalizer) {
  plane.run(5);
  plane.ask_deletion();
  plane.step();
  EXPECT_TRUE(plane.gone());
  EXPECT_FALSE(in_cloud("control-plane").has_value());
}

}  // namespace
}  // namespace @PACKAGE@
