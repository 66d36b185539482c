#include "plugins/memory/memory_plugin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "plugins/memory/testing.h"

// The descriptor stands in the plugin's library alone.
extern "C" const capstan_descriptor capstan_plugin_descriptor{};

namespace capstan::memory {
namespace {

using Plugin = sdk::PluginUnderTest<MemoryPlugin>;

constexpr int64_t kSecond = 1'000'000'000;

Json startup(const char* duration) {
  return {{"provisioning", {{"startupDuration", duration}}}};
}

class MemoryPluginTest : public testing::Test {
 protected:
  MemoryPluginTest() {
    // Certificates are checked against the real time.
    host.unix_nanos = std::chrono::system_clock::now().time_since_epoch() / Duration(1);
    plugin = std::make_unique<Plugin>(host);
  }
  ~MemoryPluginTest() override {
    if (!kubeconfig.empty()) std::filesystem::remove(kubeconfig);
  }

  // What kubectl says about the cluster; "" where there is no kubectl.
  std::string kubectl(const TestCluster& cluster, const std::string& arguments) {
    if (std::system("command -v kubectl >/dev/null 2>&1") != 0) return "";
    kubeconfig = std::filesystem::temp_directory_path() /
                 ("capstan-memory-test-" + std::to_string(cluster.port()));
    std::ofstream(kubeconfig) << cluster.kubeconfig();
    const std::string command =
        "kubectl --kubeconfig " + kubeconfig.string() + " " + arguments + " 2>&1";
    std::string output;
    FILE* pipe = popen(command.c_str(), "r");
    char buffer[4096];
    for (size_t size = 0; (size = fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
      output.append(buffer, size);
    }
    pclose(pipe);
    return output;
  }
  static bool has_kubectl() { return std::system("command -v kubectl >/dev/null 2>&1") == 0; }

  sdk::FakeHost host;
  std::unique_ptr<Plugin> plugin;
  std::filesystem::path kubeconfig;
};

TEST_F(MemoryPluginTest, a_cluster_gets_a_free_port_of_this_machine_as_its_endpoint) {
  TestCluster a(host, "a"), b(host, "b");
  a.provision(*plugin);
  b.provision(*plugin);
  EXPECT_EQ(get_string(a.infra, {"spec", "controlPlaneEndpoint", "host"}), "127.0.0.1");
  EXPECT_GT(a.port(), 0);
  EXPECT_NE(a.port(), b.port());
  EXPECT_TRUE(get_bool(a.infra, {"status", "initialization", "provisioned"}));
}

TEST_F(MemoryPluginTest, the_parts_of_a_machine_start_one_after_the_other) {
  TestCluster cluster(host, "slow");
  cluster.provision(*plugin);
  const auto machine = cluster.machine(*plugin, "cp-0", true,
                                       {{"vm", startup("10s")},
                                        {"node", startup("2s")},
                                        {"etcd", startup("2s")},
                                        {"apiServer", startup("2s")}});
  machine->step();
  EXPECT_EQ(get_int(machine->last.reply, {"requeueAfterMs"}), 10'000);
  EXPECT_EQ(machine->reason("Ready"), "VMProvisioning");
  host.unix_nanos += 4 * kSecond;
  machine->step();
  EXPECT_EQ(get_int(machine->last.reply, {"requeueAfterMs"}), 6'000);
  host.unix_nanos += 6 * kSecond;
  machine->step();
  EXPECT_EQ(get_string(machine->object, {"spec", "providerID"}), "in-memory:////cp-0");
  EXPECT_EQ(get_int(machine->last.reply, {"requeueAfterMs"}), 2'000);
  for (int i = 0; i < 3; ++i) {
    host.unix_nanos += 2 * kSecond;
    machine->step();
  }
  EXPECT_FALSE(machine->last.reply.contains("requeueAfterMs"));
  EXPECT_EQ(machine->last.status, CAPSTAN_OK);
}

TEST_F(MemoryPluginTest, kubectl_sees_the_nodes_and_the_pods) {
  if (!has_kubectl()) GTEST_SKIP() << "no kubectl";
  TestCluster cluster(host, "demo");
  cluster.provision(*plugin);
  cluster.machine(*plugin, "cp-0", true)->run(5);
  cluster.machine(*plugin, "worker-0", false)->run(5);
  const std::string nodes = kubectl(cluster, "get nodes");
  EXPECT_THAT(nodes, testing::ContainsRegex("cp-0 +Ready +control-plane .* v1.34.0"));
  EXPECT_THAT(nodes, testing::ContainsRegex("worker-0 +Ready +<none> "));
  const std::string pods = kubectl(cluster, "get pods -A");
  EXPECT_THAT(pods, testing::ContainsRegex("kube-system +etcd-cp-0 +1/1 +Running"));
  EXPECT_THAT(pods, testing::ContainsRegex("kube-system +kube-apiserver-cp-0 +1/1 +Running"));
  EXPECT_THAT(kubectl(cluster, "describe node cp-0"), testing::HasSubstr("in-memory:////cp-0"));
}

}  // namespace
}  // namespace capstan::memory
