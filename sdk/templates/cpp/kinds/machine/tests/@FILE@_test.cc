#include "@FILE@.h"

#include "plugin_test.h"

namespace @PACKAGE@ {
namespace {

class @KIND@Test : public PluginTest {
 protected:
  @KIND@Test()
      : machine(plugin, object_of("@GROUP@/v1beta2", "@KIND@",
                                  {{"size", "medium"}})) {
    machine.cluster = cluster_object();
    machine.owner = machine_object();
    machine.bootstrap_secret = {{"data", {{"value", capstan::sdk::base64_encode("#data")}}}};
  }
  Reconciled machine;
};

TEST_F(@KIND@Test, a_machine_becomes_ready_with_provider_id_and_addresses) {
  machine.run(5);
  EXPECT_EQ(machine.condition("Ready"), "True") << machine.object.dump(1);
  EXPECT_EQ(string_at(machine.object, "spec/providerID"), "@NAME@:///server-uid-1");
  EXPECT_EQ(machine.object["status"]["addresses"].size(), 1u);
  EXPECT_EQ(string_at(machine.object, "status/failureDomain"), "a");
  EXPECT_EQ(in_cloud("server")->properties["size"], "medium");
}

TEST_F(@KIND@Test, nothing_is_made_before_the_finalizer_is_stored) {
  machine.step();
  EXPECT_EQ(machine.object["metadata"]["finalizers"].size(), 1u);
  EXPECT_FALSE(in_cloud("server").has_value());
}

TEST_F(@KIND@Test, it_waits_for_the_cluster_s_infrastructure) {
  machine.cluster = cluster_object(false);
  machine.run(5);
  EXPECT_EQ(machine.reason("Ready"), "WaitingForClusterInfrastructureReady");
  EXPECT_FALSE(in_cloud("server").has_value());
}

TEST_F(@KIND@Test, a_size_that_is_not_offered_is_refused_for_good_with_its_field) {
  machine.object["spec"]["size"] = "gigantic";
  machine.run(5);
  ASSERT_EQ(machine.last.diagnostics.size(), 1u);
  EXPECT_EQ(machine.last.diagnostics[0].field, "/spec/size");
  EXPECT_TRUE(machine.last.diagnostics[0].terminal);
}

TEST_F(@KIND@Test, deletion_removes_the_server_and_then_the_finalizer) {
  machine.run(5);
  machine.ask_deletion();
  machine.step();
  EXPECT_TRUE(machine.gone());
  EXPECT_FALSE(in_cloud("server").has_value());
}

}  // namespace
}  // namespace @PACKAGE@
