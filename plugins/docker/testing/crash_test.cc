// Crashes at every request to the engine: whatever was lost, nothing is made twice, the bootstrap
// data runs once, and nothing is left after deletion. Against a pretended engine, and against a
// real one where there is one with the load balancer's image (it can play a node, too).
#include <gtest/gtest.h>

#include <algorithm>

#include "plugins/docker/client/engine_transport.h"
#include "plugins/docker/client/images.h"
#include "plugins/docker/client/networks.h"
#include "plugins/docker/testing/fake_engine.h"
#include "plugins/docker/testing/faulty_transport.h"
#include "plugins/docker/testing/plugin_scene.h"

// Stands in for what capstan_add_plugin embeds.
extern "C" const capstan_descriptor capstan_plugin_descriptor;
const capstan_descriptor capstan_plugin_descriptor = {
    sizeof(capstan_descriptor), CAPSTAN_ABI_MAJOR, 0, 0, {}, {}, {}};

namespace capstan::docker {
namespace {

using Fault = FaultyTransport::Fault;

constexpr const char* kBalancerImage = "capstan/load-balancer:v1";

// A life of cluster and machine with one fault; the plugin crashes with it.
class CrashedLife {
 public:
  CrashedLife(EngineTransport& engine, std::string name, Milliseconds pause)
      : inner_(engine), engine_(engine), name_(std::move(name)), pause_(pause) {}

  // Returns false once the fault comes after the end of the life.
  bool run(Fault fault, int at) {
    FaultyTransport faulty(inner_, fault, at);
    // Each run has its own names: the engine may be slow to forget.
    const std::string name = name_ + "-" + std::to_string(at);
    PluginScene scene(faulty, name, {{"network", name_}}, pause_);
    if (std::chrono::system_clock::now().time_since_epoch().count() > 0 && pause_.count() > 0) {
      scene.host.unix_nanos = std::chrono::system_clock::now().time_since_epoch().count();
    }
    scene.machine->object["spec"]["customImage"] = kBalancerImage;
    scene.set_user_data(
        "#cloud-config\nruncmd:\n- echo x >> /var/lib/runs\n- mkdir -p /run/cluster-api\n"
        "- echo success > /run/cluster-api/bootstrap-success.complete\n");
    bool told = false;
    const auto crashed = [&] { return faulty.struck && !std::exchange(told, true); };
    const auto live = [&](auto which, auto holds) {
      return scene.until(which, holds, crashed, 200);
    };

    EXPECT_TRUE(live(PluginScene::the_cluster, PluginScene::ready)) << faulty.struck_path;
    EXPECT_TRUE(live(PluginScene::the_machine, PluginScene::ready))
        << faulty.struck_path << scene.machine->object.dump(1);
    EXPECT_EQ(ours(name).size(), 2u) << faulty.struck_path;
    EXPECT_EQ(runs(name + "-cp"), 1) << faulty.struck_path;
    scene.machine->ask_deletion();
    EXPECT_TRUE(live(PluginScene::the_machine, PluginScene::gone)) << faulty.struck_path;
    scene.cluster->ask_deletion();
    EXPECT_TRUE(live(PluginScene::the_cluster, PluginScene::gone)) << faulty.struck_path;
    EXPECT_TRUE(ours(name).empty()) << faulty.struck_path;
    const auto network = find_network(engine_, name_);
    EXPECT_TRUE(network.ok() && !*network) << faulty.struck_path;
    return faulty.struck;
  }
  std::function<int(const std::string& node)> runs;

 private:
  std::vector<Container> ours(const std::string& cluster) {
    auto found = list_containers(engine_, {{"capstan.dev/cluster", cluster}});
    EXPECT_TRUE(found.ok());
    return found.ok() ? *std::move(found) : std::vector<Container>();
  }

  EngineTransport& inner_;
  Engine engine_;
  const std::string name_;
  const Milliseconds pause_;
};

class CrashTest : public testing::TestWithParam<Fault> {};

TEST_P(CrashTest, a_crash_at_any_request_makes_nothing_twice_and_leaves_nothing) {
  for (int at = 1; at < 200; ++at) {
    FakeEngine engine;
    engine.images = {kBalancerImage};
    CrashedLife life(engine, "capstan-crash", Milliseconds(0));
    life.runs = [&](const std::string& node) { return engine.named(node)->runs; };
    const bool struck = life.run(GetParam(), at);
    ASSERT_FALSE(HasFailure()) << "request " << at;
    if (!struck) {
      EXPECT_GT(at, 20);  // otherwise there was nothing to crash at
      return;
    }
  }
  FAIL() << "the life never ends";
}

TEST_P(CrashTest, on_a_real_engine_too) {
  auto transport = connect_engine("unix:///var/run/docker.sock");
  ASSERT_TRUE(transport.ok());
  Engine engine(**transport);
  const auto there = has_image(engine, kBalancerImage);
  if (!there.ok() || !*there) GTEST_SKIP() << "no Docker Engine with image " << kBalancerImage;
  CrashedLife life(**transport, "capstan-crash", Milliseconds(50));
  life.runs = [&](const std::string& node) {
    const auto tar = read_archive(engine, node, "/var/lib/runs");
    if (!tar.ok() || !*tar) return 0;
    const auto files = read_tar(**tar);
    return files.empty() ? 0 : static_cast<int>(files[0].content.size() / 2);  // "x\n" each
  };
  // Each fifth request: every one of them takes minutes, and the pretended engine has had them all.
  for (int at = 1; at < 200; at += 5) {
    const bool struck = life.run(GetParam(), at);
    ASSERT_FALSE(HasFailure()) << "request " << at;
    if (!struck) return;
  }
}

// The first container is the balancer, the second the machine.
class LateContainerTest : public testing::Test {
 protected:
  LateContainerTest() { engine.images = {kBalancerImage}; }
  // Lives until the plugin crashes while the engine makes the container.
  void crash_at(FaultyTransport& late, PluginScene& scene, bool machine) {
    scene.machine->object["spec"]["customImage"] = kBalancerImage;
    bool told = false;
    const auto crashed = [&] { return late.struck && !std::exchange(told, true); };
    const auto ready_or_crashed = [&](const PluginScene::Object& object) {
      return late.struck || PluginScene::ready(object);
    };
    ASSERT_TRUE(scene.until(PluginScene::the_cluster, ready_or_crashed, crashed, 50));
    if (machine) {
      ASSERT_TRUE(scene.until(PluginScene::the_machine, ready_or_crashed, crashed, 50));
    }
    ASSERT_TRUE(late.pending());
  }
  FakeEngine engine;
};

TEST_F(LateContainerTest, a_machine_that_is_deleted_waits_for_the_container_that_is_still_made) {
  FaultyTransport late(engine, Fault::kLate, 2);
  PluginScene scene(late, "late", {{"network", "late"}});
  crash_at(late, scene, true);
  scene.machine->ask_deletion();
  EXPECT_TRUE(scene.until(PluginScene::the_machine, PluginScene::gone, {}, 50));
  late.finish();
  EXPECT_EQ(engine.named("late-cp"), nullptr);
}

TEST_F(LateContainerTest, a_cluster_that_is_deleted_waits_for_the_balancer_that_is_still_made) {
  FaultyTransport late(engine, Fault::kLate, 1);
  PluginScene scene(late, "late", {{"network", "late"}});
  crash_at(late, scene, false);
  scene.cluster->ask_deletion();
  EXPECT_TRUE(scene.until(PluginScene::the_cluster, PluginScene::gone, {}, 50));
  late.finish();
  EXPECT_TRUE(engine.containers.empty());
  EXPECT_TRUE(engine.networks.empty());
}

TEST_F(LateContainerTest, what_is_still_made_is_taken_over_where_it_is_wanted) {
  for (const int at : {1, 2}) {
    FakeEngine fresh;
    fresh.images = {kBalancerImage};
    FaultyTransport late(fresh, Fault::kLate, at);
    PluginScene scene(late, "late", {{"network", "late"}});
    crash_at(late, scene, at == 2);
    EXPECT_TRUE(scene.until(PluginScene::the_cluster, PluginScene::ready, {}, 50));
    EXPECT_TRUE(scene.until(PluginScene::the_machine, PluginScene::ready, {}, 50));
    EXPECT_EQ(fresh.containers.size(), 2u);
  }
}

TEST_F(LateContainerTest, somebody_else_s_container_of_that_name_is_no_reason_to_wait) {
  FaultyTransport transport(engine, Fault::kNone, 0);
  PluginScene scene(transport, "late", {{"network", "late"}});
  scene.machine->object["spec"]["customImage"] = kBalancerImage;
  Engine client(engine);
  const Json config = {{"Image", kBalancerImage}, {"Labels", Json::object()}};
  ASSERT_TRUE(create_container(client, "late-cp", config).ok());
  ASSERT_TRUE(scene.until(PluginScene::the_cluster, PluginScene::ready, {}, 50));
  scene.machine->run(5);
  EXPECT_EQ(scene.machine->reason("ContainerProvisioned"), "NameTaken");
  scene.machine->ask_deletion();
  EXPECT_TRUE(scene.until(PluginScene::the_machine, PluginScene::gone, {}, 50));
  EXPECT_NE(engine.named("late-cp"), nullptr);
}

TEST_F(LateContainerTest, the_end_of_a_machine_and_a_cluster_that_were_seen_makes_no_container) {
  PluginScene scene(engine, "late", {{"network", "late"}});
  scene.machine->object["spec"]["customImage"] = kBalancerImage;
  ASSERT_TRUE(scene.until(PluginScene::the_cluster, PluginScene::ready, {}, 50));
  ASSERT_TRUE(scene.until(PluginScene::the_machine, PluginScene::ready, {}, 50));
  engine.requests.clear();
  scene.machine->ask_deletion();
  ASSERT_TRUE(scene.until(PluginScene::the_machine, PluginScene::gone, {}, 50));
  scene.cluster->ask_deletion();
  ASSERT_TRUE(scene.until(PluginScene::the_cluster, PluginScene::gone, {}, 50));
  EXPECT_EQ(std::count(engine.requests.begin(), engine.requests.end(), "POST /containers/create"),
            0);
}

INSTANTIATE_TEST_SUITE_P(Faults, CrashTest,
                         testing::Values(Fault::kRequestLost, Fault::kAnswerLost),
                         [](const auto& info) {
                           return info.param == Fault::kRequestLost ? "request_lost"
                                                                    : "answer_lost";
                         });

}  // namespace
}  // namespace capstan::docker
