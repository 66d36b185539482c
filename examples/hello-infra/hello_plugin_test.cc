// How a provider is tested without a host: the plugin's class is compiled into the test.
#include <capstan/testing.h>
#include <gtest/gtest.h>

#include "hello_plugin.cc"

namespace hello {
namespace {

Json owned(const char* kind, const char* name) {
  return {{"apiVersion", "infrastructure.cluster.x-k8s.io/v1beta2"},
          {"kind", kind},
          {"metadata", {{"name", name}, {"namespace", "default"}, {"uid", "uid-1"}}},
          {"spec", Json::object()}};
}
Json machine_owner() {
  return {{"apiVersion", "cluster.x-k8s.io/v1beta2"},
          {"kind", "Machine"},
          {"metadata", {{"name", "one"}, {"labels", {{"cluster.x-k8s.io/control-plane", ""}}}}},
          {"spec", {{"failureDomain", "a"}, {"bootstrap", {{"dataSecretName", "one-data"}}}}}};
}
Json cluster_object(bool provisioned) {
  return {{"apiVersion", "cluster.x-k8s.io/v1beta2"},
          {"kind", "Cluster"},
          {"metadata", {{"name", "c"}}},
          {"spec", Json::object()},
          {"status", {{"initialization", {{"infrastructureProvisioned", provisioned}}}}}};
}

class HelloMachineTest : public testing::Test {
 protected:
  HelloMachineTest() : machine(plugin, owned("HelloMachine", "one")) {
    machine.cluster = cluster_object(true);
    machine.owner = machine_owner();
    machine.bootstrap_secret = {{"data", {{"value", base64_encode("#cloud-config")}}}};
  }
  FakeHost host;
  PluginUnderTest<HelloPlugin> plugin{host, {{"greeting", "good day"}}};
  ReconciledObject<HelloPlugin> machine;
};

TEST_F(HelloMachineTest, a_machine_becomes_ready_with_provider_id_and_addresses) {
  machine.run(5);
  EXPECT_EQ(machine.condition("Ready"), "True") << machine.object.dump(1);
  EXPECT_EQ(string_at(machine.object, "spec/providerID"), "hello:////server-1");
  EXPECT_EQ(machine.object["status"]["addresses"],
            Json::parse(R"([{"type":"InternalIP","address":"10.0.0.1"}])"));
  EXPECT_TRUE(bool_at(machine.object, "status/initialization/provisioned"));
  EXPECT_EQ(string_at(machine.object, "status/failureDomain"), "a");
  EXPECT_EQ(string_at(machine.object, "status/greeting"), "good day, one");
  EXPECT_EQ(host.metrics["servers_created_total"], 1);
}

TEST_F(HelloMachineTest, nothing_is_made_before_the_finalizer_is_stored) {
  machine.step();
  EXPECT_EQ(machine.object["metadata"]["finalizers"].size(), 1u);
  EXPECT_FALSE(machine.object["status"].contains("greeting"));
  machine.step();
  EXPECT_EQ(machine.reason("Ready"), "ServerStarting");
}

TEST_F(HelloMachineTest, it_waits_for_the_cluster_s_infrastructure) {
  machine.cluster = cluster_object(false);
  machine.run(5);
  EXPECT_EQ(machine.reason("Ready"), "WaitingForClusterInfrastructureReady");
}

TEST_F(HelloMachineTest, deletion_removes_the_server_and_then_the_finalizer) {
  machine.run(5);
  machine.ask_deletion();
  machine.step();
  EXPECT_TRUE(machine.gone());
}

TEST(HelloClusterTest, a_cluster_gets_its_endpoint) {
  FakeHost host;
  PluginUnderTest<HelloPlugin> plugin(host);
  ReconciledObject<HelloPlugin> cluster(plugin, owned("HelloCluster", "c"));
  cluster.cluster = cluster_object(false);
  cluster.run(3);
  EXPECT_EQ(cluster.condition("Ready"), "True");
  EXPECT_EQ(int_at(cluster.object, "spec/controlPlaneEndpoint/port"), 6443);
}

TEST(HelloAdmissionTest, a_greeting_of_two_lines_is_refused_with_its_field) {
  FakeHost host;
  PluginUnderTest<HelloPlugin> plugin(host);
  Json object = owned("HelloMachine", "one");
  object["spec"]["greeting"] = "a\nb";
  const CallOutcome outcome = plugin.admit(object);
  EXPECT_EQ(outcome.status, CAPSTAN_INVALID);
  ASSERT_EQ(outcome.diagnostics.size(), 1u);
  EXPECT_EQ(outcome.diagnostics[0].field, "/spec/greeting");
}

}  // namespace
}  // namespace hello

// Stands in for what capstan_add_plugin embeds.
extern "C" const capstan_descriptor capstan_plugin_descriptor;
const capstan_descriptor capstan_plugin_descriptor = {
    sizeof(capstan_descriptor), CAPSTAN_ABI_MAJOR, 0, 0, {}, {}, {}};
