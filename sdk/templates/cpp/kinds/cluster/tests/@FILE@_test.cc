#include "@FILE@.h"

#include "plugin_test.h"

namespace @PACKAGE@ {
namespace {

class @KIND@Test : public PluginTest {
 protected:
  @KIND@Test()
      : cluster(plugin, object_of("@GROUP@/v1beta2", "@KIND@",
                                  Json::object())) {
    cluster.cluster = cluster_object(false);
  }
  Reconciled cluster;
};

TEST_F(@KIND@Test, a_cluster_gets_its_network_endpoint_and_failure_domains) {
  cluster.run(5);
  EXPECT_EQ(cluster.condition("Ready"), "True") << cluster.object.dump(1);
  EXPECT_TRUE(in_cloud("network").has_value());
  EXPECT_EQ(int_at(cluster.object, "spec/controlPlaneEndpoint/port"), 6443);
  EXPECT_EQ(cluster.object["status"]["failureDomains"].size(), 2u);
}

TEST_F(@KIND@Test, nothing_is_made_before_the_finalizer_is_stored) {
  cluster.step();
  EXPECT_EQ(cluster.object["metadata"]["finalizers"].size(), 1u);
  EXPECT_FALSE(in_cloud("network").has_value());
  cluster.step();
  EXPECT_EQ(cluster.reason("Ready"), "NetworkBuilding");
}

TEST_F(@KIND@Test, a_wrong_network_is_refused_for_good_with_its_field) {
  cluster.object["spec"]["cidr"] = "somewhere";
  cluster.run(5);
  ASSERT_EQ(cluster.last.diagnostics.size(), 1u);
  EXPECT_EQ(cluster.last.diagnostics[0].field, "/spec/cidr");
  EXPECT_TRUE(cluster.last.diagnostics[0].terminal);
}

TEST_F(@KIND@Test, deletion_removes_the_network_and_then_the_finalizer) {
  cluster.run(5);
  cluster.ask_deletion();
  cluster.step();
  EXPECT_TRUE(cluster.gone());
  EXPECT_FALSE(in_cloud("network").has_value());
}

}  // namespace
}  // namespace @PACKAGE@
