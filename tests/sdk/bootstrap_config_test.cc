// The layer for bootstrap configs keeps Cluster API's contract.
#include <capstan/bootstrap_config.h>
#include <capstan/testing.h>
#include <gtest/gtest.h>

namespace capstan::sdk {
namespace {

struct World {
  std::optional<Error> failure;
  bool has_token = true;
  int asked = 0;
  int revoked = 0;
  BootstrapRole role = BootstrapRole::kWorker;
};

World* world = nullptr;  // of the plugin that is made next

class TestConfig : public BootstrapConfig {
 public:
  TestConfig() : BootstrapConfig({.kind = "TestConfig", .finalizer = "test/config"}) {}

 protected:
  Step<BootstrapData> data(const BootstrapContext& config) override {
    ++world->asked;
    world->role = config.role();
    if (world->failure) return *world->failure;
    if (!world->has_token) return InProgress{"WaitingForToken", "no token yet"};
    return BootstrapData{.value = "join " + config.endpoint() + " " + config.version()};
  }
  Step<Done> remove(const BootstrapContext&) override {
    ++world->revoked;
    return Done{};
  }
};

class TestPlugin {
 public:
  Status reconcile(const Request& request, Reply& reply, const Call& call) {
    return config_.reconcile(request, reply, call);
  }

 private:
  TestConfig config_;
};

class BootstrapConfigTest : public testing::Test {
 protected:
  BootstrapConfigTest() {
    world = &world_;
    config.cluster = {{"kind", "Cluster"},
                      {"metadata", {{"name", "c"}}},
                      {"spec", {{"controlPlaneEndpoint", {{"host", "10.0.0.1"}, {"port", 6443}}}}},
                      {"status", {{"initialization", {{"infrastructureProvisioned", true}}}}}};
    config.owner = {
        {"kind", "Machine"},
        {"metadata", {{"name", "m"}, {"labels", {{"cluster.x-k8s.io/control-plane", ""}}}}},
        {"spec", {{"version", "v1.34.2"}, {"bootstrap", Json::object()}}}};
  }
  World world_;
  FakeHost host;
  PluginUnderTest<TestPlugin> plugin{host};
  ReconciledObject<TestPlugin> config{
      plugin,
      {{"apiVersion", "test/v1"},
       {"kind", "TestConfig"},
       {"metadata", {{"name", "one"}, {"namespace", "ns"}, {"uid", "u1"}}}}};
};

TEST_F(BootstrapConfigTest, the_data_becomes_a_secret_that_is_owned_labelled_and_named) {
  config.step();  // the finalizer
  config.step();
  const Json secret = config.last.reply.at("create").at(0);
  EXPECT_EQ(string_at(secret, "type"), "cluster.x-k8s.io/secret");
  EXPECT_EQ(string_at(secret, "metadata/name"), "one");
  EXPECT_EQ(label_of(secret, kClusterNameLabel), "c");
  EXPECT_EQ(secret["metadata"]["ownerReferences"][0]["kind"], "TestConfig");
  EXPECT_EQ(base64_decode(string_at(secret, "data/value")), "join 10.0.0.1:6443 v1.34.2");
  EXPECT_EQ(base64_decode(string_at(secret, "data/format")), "cloud-config");
  EXPECT_EQ(string_at(config.object, "status/dataSecretName"), "one");
  EXPECT_TRUE(bool_at(config.object, "status/initialization/dataSecretCreated"));
  EXPECT_EQ(config.condition("DataSecretAvailable"), "True");
  EXPECT_EQ(config.condition("Ready"), "True");
}

TEST_F(BootstrapConfigTest, the_data_is_asked_for_once) {
  config.run(6);
  EXPECT_EQ(world_.asked, 1);
}

TEST_F(BootstrapConfigTest, nothing_is_asked_before_the_finalizer_is_stored) {
  config.step();
  EXPECT_EQ(world_.asked, 0);
}

TEST_F(BootstrapConfigTest, the_first_control_plane_machine_initializes_and_others_join) {
  config.run(3);
  EXPECT_EQ(world_.role, BootstrapRole::kInit);
  config.object["status"] = Json::object();
  config.cluster["status"]["initialization"]["controlPlaneInitialized"] = true;
  config.run(3);
  EXPECT_EQ(world_.role, BootstrapRole::kControlPlane);
}

TEST_F(BootstrapConfigTest, a_worker_waits_for_the_control_plane) {
  config.owner["metadata"].erase("labels");
  config.run(3);
  EXPECT_EQ(config.reason("Ready"), "WaitingForControlPlaneInitialized");
  EXPECT_EQ(world_.asked, 0);
}

TEST_F(BootstrapConfigTest, it_waits_for_the_cluster_s_infrastructure) {
  config.cluster["status"] = Json::object();
  config.run(3);
  EXPECT_EQ(config.reason("DataSecretAvailable"), "WaitingForClusterInfrastructureReady");
}

TEST_F(BootstrapConfigTest, a_wait_of_the_author_is_shown_and_called_again) {
  world_.has_token = false;
  config.run(3);
  EXPECT_EQ(config.reason("Ready"), "WaitingForToken");
  EXPECT_EQ(config.last.reply.value("requeueAfterMs", 0), 5000);
}

TEST_F(BootstrapConfigTest, a_failure_is_shown_and_given_to_the_host) {
  world_.failure = Error::invalid("no such version").with_reason("InvalidVersion");
  config.run(3);
  EXPECT_EQ(config.reason("Ready"), "InvalidVersion");
  EXPECT_EQ(config.last.status, CAPSTAN_INVALID);
}

TEST_F(BootstrapConfigTest, a_restored_config_takes_the_data_that_its_machine_knows) {
  config.owner["spec"]["bootstrap"]["dataSecretName"] = "from-backup";
  config.run(3);
  EXPECT_EQ(string_at(config.object, "status/dataSecretName"), "from-backup");
  EXPECT_EQ(world_.asked, 0);
}

TEST_F(BootstrapConfigTest, a_paused_config_is_left_alone) {
  config.cluster["spec"]["paused"] = true;
  config.run(3);
  EXPECT_EQ(config.condition("Paused"), "True");
  EXPECT_FALSE(config.object["metadata"].contains("finalizers"));
}

TEST_F(BootstrapConfigTest, what_is_outside_goes_before_the_finalizer) {
  config.run(3);
  config.ask_deletion();
  config.step();
  EXPECT_EQ(world_.revoked, 1);
  EXPECT_TRUE(config.gone());
}

}  // namespace
}  // namespace capstan::sdk
