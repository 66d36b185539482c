// The layer for control planes that somebody else runs keeps Cluster API's contract.
#include <capstan/hosted_control_plane.h>
#include <capstan/testing.h>
#include <gtest/gtest.h>

namespace capstan::sdk {
namespace {

struct World {
  std::optional<HostedPlane> plane;
  std::optional<Error> failure;
  int created = 0;
};

World* world = nullptr;  // of the plugin that is made next

class TestPlane : public HostedControlPlane {
 public:
  TestPlane() : HostedControlPlane({.kind = "TestPlane", .finalizer = "test/plane"}) {}

 protected:
  Expected<std::optional<HostedPlane>> find(const PlaneContext&) override { return world->plane; }
  Step<HostedPlane> create(const PlaneContext& plane) override {
    if (world->failure) return *world->failure;
    ++world->created;
    world->plane = HostedPlane{.endpoint = Endpoint{"10.0.0.9", 443},
                               .kubeconfig = "kubeconfig of " + plane.cluster_name(),
                               .version = plane.version(),
                               .ready = false,
                               .reason = "Building",
                               .message = "it is being built"};
    return *world->plane;
  }
  Step<Done> upgrade(const PlaneContext& plane, const HostedPlane&) override {
    if (world->failure) return *world->failure;
    world->plane->version = plane.version();
    return InProgress{"", "", std::chrono::seconds(3)};
  }
  Step<Done> remove(const PlaneContext&) override {
    world->plane.reset();
    return Done{};
  }
};

class TestPlugin {
 public:
  Status reconcile(const Request& request, Reply& reply, const Call& call) {
    return plane_.reconcile(request, reply, call);
  }

 private:
  TestPlane plane_;
};

class HostedControlPlaneTest : public testing::Test {
 protected:
  HostedControlPlaneTest() {
    world = &world_;
    plane.cluster = {{"kind", "Cluster"},
                     {"metadata", {{"name", "c"}}},
                     {"status", {{"initialization", {{"infrastructureProvisioned", true}}}}}};
  }
  void become_available() {
    plane.run(3);
    world_.plane->ready = true;
    plane.run(2);
  }
  World world_;
  FakeHost host;
  PluginUnderTest<TestPlugin> plugin{host};
  ReconciledObject<TestPlugin> plane{
      plugin,
      {{"apiVersion", "test/v1"},
       {"kind", "TestPlane"},
       {"metadata", {{"name", "one"}, {"namespace", "ns"}, {"uid", "u1"}}},
       {"spec", {{"version", "v1.34.2"}}}}};
};

TEST_F(HostedControlPlaneTest, it_is_made_once_and_waited_for) {
  plane.run(4);
  EXPECT_EQ(world_.created, 1);
  EXPECT_EQ(plane.condition("Available"), "False");
  EXPECT_EQ(plane.reason("Available"), "Building");
  EXPECT_FALSE(bool_at(plane.object, "status/initialization/controlPlaneInitialized"));
  EXPECT_EQ(plane.last.reply.value("requeueAfterMs", 0), 5000);
}

TEST_F(HostedControlPlaneTest, one_that_runs_is_published_as_the_contract_has_it) {
  become_available();
  EXPECT_EQ(plane.condition("Available"), "True");
  EXPECT_TRUE(bool_at(plane.object, "status/initialization/controlPlaneInitialized"));
  EXPECT_TRUE(bool_at(plane.object, "status/externalManagedControlPlane"));
  EXPECT_EQ(string_at(plane.object, "status/version"), "v1.34.2");
  EXPECT_EQ(plane.object["spec"]["controlPlaneEndpoint"],
            Json::parse(R"({"host":"10.0.0.9","port":443})"));
  const Json secret = plane.last.reply.at("apply").at(0);
  EXPECT_EQ(string_at(secret, "metadata/name"), "c-kubeconfig");
  EXPECT_EQ(string_at(secret, "type"), "cluster.x-k8s.io/secret");
  EXPECT_EQ(label_of(secret, kClusterNameLabel), "c");
  EXPECT_EQ(base64_decode(string_at(secret, "data/value")), "kubeconfig of c");
}

TEST_F(HostedControlPlaneTest, nothing_is_made_before_the_finalizer_is_stored) {
  plane.step();
  EXPECT_EQ(world_.created, 0);
}

TEST_F(HostedControlPlaneTest, it_waits_for_the_cluster_s_infrastructure) {
  plane.cluster["status"] = Json::object();
  plane.run(3);
  EXPECT_EQ(plane.reason("Available"), "WaitingForClusterInfrastructureReady");
  EXPECT_EQ(world_.created, 0);
}

TEST_F(HostedControlPlaneTest, another_version_is_upgraded_to_and_it_goes_on_serving) {
  become_available();
  plane.object["spec"]["version"] = "v1.35.0";
  plane.step();
  EXPECT_EQ(plane.condition("Available"), "True");
  EXPECT_EQ(plane.last.reply.value("requeueAfterMs", 0), 3000);
  plane.step();
  EXPECT_EQ(string_at(plane.object, "status/version"), "v1.35.0");
}

TEST_F(HostedControlPlaneTest, a_failed_upgrade_is_shown_and_it_stays_available) {
  become_available();
  plane.object["spec"]["version"] = "v9.0.0";
  world_.failure = Error::invalid("no such version", "/spec/version");
  plane.step();
  EXPECT_EQ(plane.last.status, CAPSTAN_INVALID);
  EXPECT_EQ(plane.condition("Available"), "True");
  EXPECT_EQ(plane.reason("Ready"), "ControlPlaneUpgradeFailed");
}

TEST_F(HostedControlPlaneTest, one_that_was_lost_is_never_made_again) {
  become_available();
  world_.plane.reset();
  plane.run(3);
  EXPECT_EQ(world_.created, 1);
  EXPECT_EQ(plane.reason("Available"), "ControlPlaneDeleted");
}

TEST_F(HostedControlPlaneTest, a_ready_one_without_a_kubeconfig_is_a_mistake_of_the_provider) {
  plane.run(3);
  world_.plane->ready = true;
  world_.plane->kubeconfig = "";
  plane.run(2);
  EXPECT_EQ(plane.last.status, CAPSTAN_INTERNAL);
  EXPECT_EQ(plane.condition("Available"), "False");
}

TEST_F(HostedControlPlaneTest, deletion_removes_it_and_then_the_finalizer) {
  become_available();
  plane.ask_deletion();
  plane.step();
  EXPECT_FALSE(world_.plane.has_value());
  EXPECT_TRUE(plane.gone());
}

TEST_F(HostedControlPlaneTest, a_paused_one_is_left_alone) {
  plane.cluster["spec"]["paused"] = true;
  plane.run(3);
  EXPECT_EQ(plane.condition("Paused"), "True");
  EXPECT_EQ(world_.created, 0);
}

}  // namespace
}  // namespace capstan::sdk
