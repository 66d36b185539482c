// The layers for infrastructure machines and clusters keep Cluster API's contract.
#include <capstan/infra_cluster.h>
#include <capstan/infra_machine.h>
#include <capstan/testing.h>
#include <gtest/gtest.h>

namespace capstan::sdk {
namespace {

// What the provider finds and does, set by a test.
struct World {
  std::optional<Instance> instance;
  bool bootstrapped = true;
  bool removed = true;
  std::optional<Error> failure;
  int created = 0;
  std::string bootstrap_data;
};

class TestMachine : public InfraMachine {
 public:
  explicit TestMachine(World& world)
      : InfraMachine({.kind = "TestMachine", .finalizer = "test/machine"}), world_(world) {}

 protected:
  Expected<std::optional<Instance>> find(const MachineContext&) override { return world_.instance; }
  Step<Instance> create(const MachineContext&, const BootstrapData& data) override {
    if (world_.failure) return *world_.failure;
    ++world_.created;
    world_.bootstrap_data = data.value;
    world_.instance =
        Instance{.provider_id = "test://1", .addresses = {{"InternalIP", "10.0.0.1"}}};
    return InProgress{"ServerBuilding", "it is being built"};
  }
  Step<Done> bootstrap(const MachineContext&, const Instance&, const BootstrapData&) override {
    if (!world_.bootstrapped) return InProgress{"Bootstrapping", "kubeadm runs"};
    return Done{};
  }
  Step<Done> remove(const MachineContext&) override {
    if (!world_.removed) return InProgress{"", "it is going"};
    return Done{};
  }

 private:
  World& world_;
};

class TestCluster : public InfraCluster {
 public:
  explicit TestCluster(Contract contract)
      : InfraCluster({.kind = "TestCluster", .finalizer = "test/cluster", .contract = contract}) {}

 protected:
  Step<Infrastructure> create(const ClusterContext&) override {
    return Infrastructure{.endpoint = Endpoint{"10.0.0.9", 6443},
                          .failure_domains = {{"a", true, {}}, {"b", false, {}}}};
  }
  Step<Done> remove(const ClusterContext&) override { return Done{}; }
};

World* world = nullptr;                  // of the plugin that is made next
Contract contract = Contract::kV1Beta2;  // likewise

class TestPlugin {
 public:
  TestPlugin() : machines_(*world), clusters_(contract) {}
  Status reconcile(const Request& request, Reply& reply, const Call& call) {
    return dispatch(request, reply, call, machines_, clusters_);
  }

 private:
  TestMachine machines_;
  TestCluster clusters_;
};

Json object(const char* kind) {
  return {{"apiVersion", "test/v1"},
          {"kind", kind},
          {"metadata", {{"name", "one"}, {"namespace", "ns"}, {"uid", "u1"}}}};
}

class InfraTest : public testing::Test {
 protected:
  InfraTest() {
    world = &world_;
    contract = Contract::kV1Beta2;
    plugin = std::make_unique<PluginUnderTest<TestPlugin>>(host);
    machine = std::make_unique<ReconciledObject<TestPlugin>>(*plugin, object("TestMachine"));
    machine->cluster = {
        {"kind", "Cluster"},
        {"metadata", {{"name", "c"}}},
        {"status",
         {{"initialization",
           {{"infrastructureProvisioned", true}, {"controlPlaneInitialized", true}}}}}};
    machine->owner = {{"kind", "Machine"},
                      {"metadata", {{"name", "m"}}},
                      {"spec", {{"bootstrap", {{"dataSecretName", "m-data"}}}}}};
    machine->bootstrap_secret = {{"data", {{"value", base64_encode("#!/bin/sh")}}}};
  }
  World world_;
  FakeHost host;
  std::unique_ptr<PluginUnderTest<TestPlugin>> plugin;
  std::unique_ptr<ReconciledObject<TestPlugin>> machine;
};

TEST_F(InfraTest, a_machine_is_made_once_and_becomes_ready) {
  machine->run(10);
  EXPECT_EQ(machine->condition("Ready"), "True");
  EXPECT_EQ(world_.created, 1);
  EXPECT_EQ(world_.bootstrap_data, "#!/bin/sh");
  EXPECT_EQ(string_at(machine->object, "spec/providerID"), "test://1");
  EXPECT_EQ(machine->condition("Paused"), "False");
}

TEST_F(InfraTest, each_thing_that_is_waited_for_has_its_reason) {
  machine->owner = nullptr;
  machine->step();
  EXPECT_EQ(machine->reason("Ready"), "WaitingForMachine");

  machine->owner = {{"kind", "Machine"}, {"metadata", {{"name", "m"}}}};
  machine->run(3);
  EXPECT_EQ(machine->reason("Ready"), "WaitingForBootstrapData");

  machine->cluster["status"]["initialization"]["controlPlaneInitialized"] = false;
  machine->step();
  EXPECT_EQ(machine->reason("Ready"), "WaitingForControlPlaneInitialized");

  machine->cluster["status"]["initialization"]["infrastructureProvisioned"] = false;
  machine->step();
  EXPECT_EQ(machine->reason("Ready"), "WaitingForClusterInfrastructureReady");
  EXPECT_EQ(world_.created, 0);
}

TEST_F(InfraTest, a_missing_bootstrap_secret_is_looked_for_again) {
  machine->bootstrap_secret = nullptr;
  machine->run(2);
  EXPECT_EQ(machine->reason("Ready"), "WaitingForBootstrapData");
  EXPECT_TRUE(machine->last.reply.contains("requeueAfterMs"));
}

TEST_F(InfraTest, a_paused_machine_says_so_and_nothing_happens) {
  machine->object["metadata"]["annotations"]["cluster.x-k8s.io/paused"] = "";
  machine->run(5);
  EXPECT_EQ(machine->condition("Paused"), "True");
  EXPECT_EQ(world_.created, 0);
  EXPECT_FALSE(machine->object["metadata"].contains("finalizers"));
}

TEST_F(InfraTest, a_machine_is_not_provisioned_before_its_bootstrap_is_done) {
  world_.bootstrapped = false;
  machine->run(6);
  EXPECT_EQ(machine->reason("Ready"), "Bootstrapping");
  EXPECT_EQ(string_at(machine->object, "spec/providerID"), "");
  world_.bootstrapped = true;
  machine->step();
  EXPECT_TRUE(bool_at(machine->object, "status/initialization/provisioned"));
}

TEST_F(InfraTest, an_instance_that_vanished_is_not_made_again) {
  machine->run(6);
  world_.instance.reset();
  machine->step();
  EXPECT_EQ(machine->reason("Ready"), "InstanceDeleted");
  EXPECT_EQ(world_.created, 1);
}

TEST_F(InfraTest, a_failed_creation_is_a_condition_an_event_and_a_diagnostic) {
  world_.failure = Error::unavailable("quota is used up").with_reason("QuotaExceeded");
  machine->run(3);
  EXPECT_EQ(machine->last.status, CAPSTAN_UNAVAILABLE);
  EXPECT_EQ(machine->reason("Ready"), "QuotaExceeded");
  EXPECT_EQ(machine->last.reply["events"][0]["reason"], "InstanceCreationFailed");
  ASSERT_EQ(machine->last.diagnostics.size(), 1u);
  EXPECT_EQ(machine->last.diagnostics[0].summary, "quota is used up");
}

TEST_F(InfraTest, the_finalizer_stays_until_removal_is_done) {
  machine->run(6);
  machine->ask_deletion();
  world_.removed = false;
  machine->step();
  EXPECT_FALSE(machine->gone());
  EXPECT_EQ(machine->reason("Ready"), "Deleting");
  world_.removed = true;
  machine->step();
  EXPECT_TRUE(machine->gone());
}

TEST_F(InfraTest, a_machine_whose_cluster_and_machine_are_gone_can_be_deleted) {
  machine->run(6);
  machine->ask_deletion();
  machine->cluster = nullptr;
  machine->owner = nullptr;
  machine->step();
  EXPECT_TRUE(machine->gone());
}

TEST_F(InfraTest, a_cluster_gets_endpoint_and_failure_domains_in_the_contract_s_shape) {
  ReconciledObject<TestPlugin> cluster(*plugin, object("TestCluster"));
  cluster.cluster = machine->cluster;
  cluster.run(3);
  EXPECT_EQ(string_at(cluster.object, "spec/controlPlaneEndpoint/host"), "10.0.0.9");
  EXPECT_EQ(cluster.object["status"]["failureDomains"][1]["name"], "b");
  EXPECT_TRUE(bool_at(cluster.object, "status/initialization/provisioned"));

  contract = Contract::kV1Beta1;
  PluginUnderTest<TestPlugin> older(host);
  ReconciledObject<TestPlugin> old_cluster(older, object("TestCluster"));
  old_cluster.cluster = machine->cluster;
  old_cluster.run(3);
  EXPECT_TRUE(bool_at(old_cluster.object, "status/ready"));
  EXPECT_FALSE(bool_at(old_cluster.object, "status/failureDomains/b/controlPlane", true));
}

TEST_F(InfraTest, an_endpoint_that_the_user_gave_is_kept) {
  ReconciledObject<TestPlugin> cluster(*plugin, object("TestCluster"));
  cluster.cluster = machine->cluster;
  cluster.object["spec"]["controlPlaneEndpoint"] = {{"host", "api.example"}, {"port", 443}};
  cluster.run(3);
  EXPECT_EQ(string_at(cluster.object, "spec/controlPlaneEndpoint/host"), "api.example");
}

TEST_F(InfraTest, an_externally_managed_cluster_is_left_alone) {
  ReconciledObject<TestPlugin> cluster(*plugin, object("TestCluster"));
  cluster.cluster = machine->cluster;
  cluster.object["metadata"]["annotations"]["cluster.x-k8s.io/managed-by"] = "other";
  const Json before = cluster.object;
  cluster.run(3);
  EXPECT_EQ(cluster.object, before);
}

TEST_F(InfraTest, a_kind_without_a_handler_is_named) {
  ReconciledObject<TestPlugin> other(*plugin, object("OtherKind"));
  other.step();
  EXPECT_EQ(other.last.status, CAPSTAN_UNIMPLEMENTED);
  EXPECT_EQ(other.last.diagnostics[0].summary, "the plugin has no handler for kind OtherKind");
}

}  // namespace
}  // namespace capstan::sdk
