#include "plugins/memory/memory_plugin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "plugins/memory/testing.h"
#include "runtime/workload/connection_pool.h"
#include "runtime/workload/pod_tunnel.h"

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

  static size_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    size_t all = 0, resident = 0;
    statm >> all >> resident;
    return resident * 4096;
  }

  // The way into the cluster that the runtime takes.
  ClusterAccessPtr access(const TestCluster& cluster) {
    const Json secret = {
        {"apiVersion", "v1"},
        {"kind", "Secret"},
        {"metadata", {{"name", cluster.name + "-kubeconfig"}, {"namespace", "default"}}},
        {"data", {{"value", base64_encode(cluster.kubeconfig())}}}};
    return *read_cluster_access({"default", cluster.name}, **Object::from_json(secret));
  }
  PodRequest pod_request(const TestCluster& cluster, const std::string& node,
                         const std::string& path, const Json& body) {
    CertificateOptions options;
    options.common_name = "capstan";
    options.client = true;
    const KeyPair client =
        *issue_certificate(cluster.etcd_authority, options, Instant(Duration(host.unix_nanos)));
    PodRequest request;
    request.pod = "etcd-" + node;
    request.port = 2379;
    request.server_name = node;
    request.ca_pem = cluster.etcd_authority.certificate_pem;
    request.certificate_pem = client.certificate_pem;
    request.key_pem = client.key_pem;
    request.request.method = "POST";
    request.request.path = path;
    request.request.body = dump_json(body);
    return request;
  }
  Result<WorkloadResponse> send(const TestCluster& cluster, const std::string& node,
                                const std::string& path, const Json& body) {
    return send_to_pod(*access(cluster), pod_request(cluster, node, path, body), random);
  }
  Json etcd(const TestCluster& cluster, const std::string& node, const std::string& path,
            const Json& body) {
    const auto response = send(cluster, node, path, body);
    EXPECT_TRUE(response.ok()) << response.error().message;
    return response.ok() ? Json::parse(response->body) : Json();
  }

  // Status 0 where there is no answer.
  WorkloadResponse request(const TestCluster& cluster, const std::string& method,
                           const std::string& path, const Json& body) {
    WorkloadRequest request;
    request.method = method;
    request.path = path;
    if (!body.is_null()) request.body = dump_json(body);
    if (method == "PATCH") request.content_type = "application/merge-patch+json";
    SystemClock clock;
    ConnectionPool pool(access(cluster), {}, clock);
    return pool.send(request).value_or({});
  }
  WorkloadResponse workload_get(const TestCluster& cluster, const std::string& path) {
    return request(cluster, "GET", path, nullptr);
  }
  Json get(const TestCluster& cluster, const std::string& path) {
    const WorkloadResponse response = workload_get(cluster, path);
    EXPECT_EQ(response.status, 200) << response.body;
    return Json::parse(response.body, nullptr, false);
  }

  SystemRandom random;
  sdk::FakeHost host;
  std::unique_ptr<Plugin> plugin;
  std::filesystem::path kubeconfig;
};

TEST_F(MemoryPluginTest, a_cluster_gets_a_loopback_address_and_a_free_port_as_its_endpoint) {
  TestCluster a(host, "a"), b(host, "b");
  a.provision(*plugin);
  b.provision(*plugin);
  EXPECT_THAT(a.address(), testing::MatchesRegex("127[.][0-9]+[.][0-9]+[.][0-9]+"));
  EXPECT_NE(a.address(), b.address()) << "so that no other program's cluster is taken for it";
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

TEST_F(MemoryPluginTest, after_a_restart_the_same_port_shows_the_same_cluster) {
  TestCluster cluster(host, "again");
  cluster.provision(*plugin);
  const auto machine = cluster.machine(*plugin, "cp-0", true);
  machine->run(5);
  const int64_t port = cluster.port();
  const Json before = get(cluster, "/api/v1/nodes/cp-0");
  ASSERT_EQ(get_string(before, {"metadata", "name"}), "cp-0");

  plugin.reset();
  plugin = std::make_unique<Plugin>(host);
  cluster.provision(*plugin);
  EXPECT_EQ(cluster.port(), port);
  const auto again = cluster.machine(*plugin, "cp-0", true);
  again->object = machine->object;
  again->run(5);
  EXPECT_EQ(again->object, machine->object);
  const Json after = get(cluster, "/api/v1/nodes/cp-0");
  EXPECT_EQ(after["metadata"]["uid"], before["metadata"]["uid"]);
  EXPECT_EQ(after["metadata"]["creationTimestamp"], before["metadata"]["creationTimestamp"]);
}

TEST_F(MemoryPluginTest, ports_of_stored_clusters_are_left_to_them) {
  TestCluster first(host, "first");
  first.provision(*plugin);
  TestCluster stored(host, "stored");
  stored.provision(*plugin);
  const int64_t port = stored.port();
  host.objects.push_back(stored.infra);
  plugin.reset();
  plugin = std::make_unique<Plugin>(host);
  // Of the same uid, it would get that port if nobody had it.
  TestCluster other(host, "stored");
  other.infra["metadata"]["uid"] = "other";
  other.provision(*plugin);
  EXPECT_NE(other.port(), port);
}

TEST_F(MemoryPluginTest, a_cluster_whose_port_a_stranger_has_says_so_and_is_not_taken_for_it) {
  sdk::FakeHost other_host;
  other_host.unix_nanos = host.unix_nanos;
  Plugin other_plugin(other_host);
  // Of one name and one uid, so that both get the same endpoint while neither listens yet.
  TestCluster cluster(host, "twin"), stranger(other_host, "twin");
  cluster.provision(*plugin);
  stranger.provision(other_plugin);
  ASSERT_EQ(cluster.infra["spec"], stranger.infra["spec"]);
  stranger.machine(other_plugin, "cp-0", true)->run(5);
  const Json theirs = get(stranger, "/api/v1/namespaces/kube-system");

  const auto machine = cluster.machine(*plugin, "cp-0", true);
  machine->run(3);
  EXPECT_EQ(machine->condition("Ready"), "False");
  const std::string message = dump_json(machine->object["status"]["conditions"]);
  EXPECT_THAT(message, testing::HasSubstr("another program listens on " + cluster.address() + ":" +
                                          std::to_string(cluster.port())));
  EXPECT_THAT(message, testing::HasSubstr("Cluster default/twin"));
  EXPECT_EQ(workload_get(cluster, "/readyz").status, 0);
  EXPECT_EQ(workload_get(stranger, "/readyz").status, 200);

  stranger.remove(other_plugin);
  machine->run(3);
  EXPECT_EQ(machine->condition("Ready"), "True");
  const Json ours = get(cluster, "/api/v1/namespaces/kube-system");
  EXPECT_NE(ours["metadata"]["uid"], theirs["metadata"]["uid"]) << "known by this as well";
}

TEST_F(MemoryPluginTest, three_members_of_etcd_answer_through_the_api_server) {
  TestCluster cluster(host, "etcd");
  cluster.provision(*plugin);
  for (const char* name : {"cp-0", "cp-1", "cp-2"}) cluster.machine(*plugin, name, true)->run(5);
  const Json members = etcd(cluster, "cp-1", "/v3/cluster/member/list", Json::object());
  ASSERT_EQ(members["members"].size(), 3U);
  const std::string first = members["members"][0]["ID"];
  EXPECT_EQ(etcd(cluster, "cp-2", "/v3/maintenance/status", Json::object())["leader"], first);

  etcd(cluster, "cp-1", "/v3/cluster/member/remove", {{"ID", first}});
  EXPECT_THAT(host.woken, testing::Contains("DevMachine default/cp-0"));
  EXPECT_EQ(etcd(cluster, "cp-1", "/v3/cluster/member/list", Json::object())["members"].size(), 2U);
  EXPECT_FALSE(send(cluster, "cp-0", "/v3/maintenance/status", Json::object()).ok());
}

TEST_F(MemoryPluginTest, a_member_stops_where_its_machine_is_annotated_so) {
  TestCluster cluster(host, "stop");
  cluster.provision(*plugin);
  const auto stopped = cluster.machine(*plugin, "cp-0", true);
  stopped->run(5);
  for (const char* name : {"cp-1", "cp-2"}) cluster.machine(*plugin, name, true)->run(5);
  stopped->object["metadata"]["annotations"]["memory.capstan.dev/etcd-member"] = "stopped";
  stopped->step();
  const auto silent = send(cluster, "cp-0", "/v3/maintenance/status", Json::object());
  EXPECT_TRUE(!silent.ok() || silent->status == 503);
  const Json members = etcd(cluster, "cp-1", "/v3/cluster/member/list", Json::object());
  EXPECT_EQ(members["members"].size(), 3U) << "it is in the list still";
  stopped->object["metadata"]["annotations"].erase("memory.capstan.dev/etcd-member");
  stopped->step();
  EXPECT_EQ(etcd(cluster, "cp-0", "/v3/maintenance/status", Json::object())["leader"],
            members["members"][1]["ID"]);
}

TEST_F(MemoryPluginTest, a_removed_member_stays_removed_over_a_restart) {
  TestCluster cluster(host, "member");
  cluster.provision(*plugin);
  const auto gone = cluster.machine(*plugin, "cp-0", true);
  const auto stays = cluster.machine(*plugin, "cp-1", true);
  gone->run(5);
  stays->run(5);
  const Json members = etcd(cluster, "cp-1", "/v3/cluster/member/list", Json::object());
  etcd(cluster, "cp-1", "/v3/cluster/member/remove", {{"ID", members["members"][0]["ID"]}});
  gone->run(5);
  plugin.reset();
  plugin = std::make_unique<Plugin>(host);
  for (const auto* before : {&gone, &stays}) {
    const std::string name = get_string((*before)->object, {"metadata", "name"});
    const auto again = cluster.machine(*plugin, name, true);
    again->object = (*before)->object;
    again->run(5);
  }
  EXPECT_EQ(etcd(cluster, "cp-1", "/v3/cluster/member/list", Json::object())["members"].size(), 1U);
}

TEST_F(MemoryPluginTest, etcd_speaks_only_with_clients_of_its_own_authority) {
  TestCluster cluster(host, "trust");
  cluster.provision(*plugin);
  cluster.machine(*plugin, "cp-0", true)->run(5);
  TestCluster other(host, "other");
  PodRequest request = pod_request(cluster, "cp-0", "/v3/maintenance/status", Json::object());
  const PodRequest foreign = pod_request(other, "cp-0", "/v3/maintenance/status", Json::object());
  request.certificate_pem = foreign.certificate_pem;
  request.key_pem = foreign.key_pem;
  EXPECT_FALSE(send_to_pod(*access(cluster), request, random).ok());
}

TEST_F(MemoryPluginTest, a_machine_that_goes_takes_its_static_pods_and_its_member_along) {
  TestCluster cluster(host, "going");
  cluster.provision(*plugin);
  cluster.machine(*plugin, "cp-0", true)->run(5);
  const auto machine = cluster.machine(*plugin, "cp-1", true);
  machine->run(5);
  const std::string pods = "/api/v1/namespaces/kube-system/pods?fieldSelector=spec.nodeName%3Dcp-1";
  EXPECT_EQ(get(cluster, pods)["items"].size(), 4U);
  machine->ask_deletion();
  machine->run(3);
  EXPECT_TRUE(machine->gone());
  EXPECT_EQ(get(cluster, pods)["items"].size(), 0U);
  EXPECT_EQ(etcd(cluster, "cp-0", "/v3/cluster/member/list", Json::object())["members"].size(), 1U);
  // The Node is Cluster API's to delete.
  EXPECT_EQ(get_string(get(cluster, "/api/v1/nodes/cp-1"), {"metadata", "name"}), "cp-1");
}

TEST_F(MemoryPluginTest, an_eviction_deletes_the_pod_unless_a_budget_needs_it) {
  TestCluster cluster(host, "evict");
  cluster.provision(*plugin);
  cluster.machine(*plugin, "cp-0", true)->run(5);
  const Json pod = {{"apiVersion", "v1"},
                    {"kind", "Pod"},
                    {"metadata", {{"name", "web"}, {"labels", {{"app", "web"}}}}},
                    {"spec", {{"nodeName", "cp-0"}, {"containers", Json::array()}}},
                    {"status", {{"conditions", {{{"type", "Ready"}, {"status", "True"}}}}}}};
  const std::string pods = "/api/v1/namespaces/default/pods";
  ASSERT_EQ(request(cluster, "POST", pods, pod).status, 201);
  const Json status = {{"status", pod["status"]}};
  ASSERT_EQ(request(cluster, "PATCH", pods + "/web/status", status).status, 200);
  const Json budget = {
      {"apiVersion", "policy/v1"},
      {"kind", "PodDisruptionBudget"},
      {"metadata", {{"name", "web"}}},
      {"spec", {{"minAvailable", 1}, {"selector", {{"matchLabels", {{"app", "web"}}}}}}}};
  const std::string budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
  ASSERT_EQ(request(cluster, "POST", budgets, budget).status, 201);
  const Json eviction = {{"apiVersion", "policy/v1"},
                         {"kind", "Eviction"},
                         {"metadata", {{"name", "web"}, {"namespace", "default"}}}};
  EXPECT_EQ(request(cluster, "POST", pods + "/web/eviction", eviction).status, 429);
  ASSERT_EQ(request(cluster, "DELETE", budgets + "/web", nullptr).status, 200);
  EXPECT_EQ(request(cluster, "POST", pods + "/web/eviction", eviction).status, 201);
  EXPECT_EQ(request(cluster, "GET", pods + "/web", nullptr).status, 404);
  EXPECT_EQ(request(cluster, "POST", pods + "/web/eviction", eviction).status, 404);
}

TEST_F(MemoryPluginTest, kubectl_drains_a_node) {
  if (!has_kubectl()) GTEST_SKIP() << "no kubectl";
  TestCluster cluster(host, "drain");
  cluster.provision(*plugin);
  cluster.machine(*plugin, "cp-0", true)->run(5);
  cluster.machine(*plugin, "worker-0", false)->run(5);
  const Json pod = {{"apiVersion", "v1"},
                    {"kind", "Pod"},
                    {"metadata", {{"name", "web"}}},
                    {"spec", {{"nodeName", "worker-0"}, {"containers", Json::array()}}}};
  ASSERT_EQ(request(cluster, "POST", "/api/v1/namespaces/default/pods", pod).status, 201);
  const std::string drained = kubectl(cluster, "drain worker-0 --force --timeout=20s");
  EXPECT_THAT(drained, testing::HasSubstr("node/worker-0 drained"));
  EXPECT_TRUE(get_bool(get(cluster, "/api/v1/nodes/worker-0"), {"spec", "unschedulable"}));
}

TEST_F(MemoryPluginTest, a_deleted_cluster_frees_its_port) {
  TestCluster cluster(host, "freed");
  cluster.provision(*plugin);
  cluster.machine(*plugin, "cp-0", true)->run(5);
  const int64_t port = cluster.port();
  cluster.remove(*plugin);
  EXPECT_EQ(sdk::find_at(cluster.infra, "metadata/finalizers")->size(), 0U);
  TestCluster next(host, "freed");
  next.provision(*plugin);
  EXPECT_EQ(next.port(), port);
  EXPECT_EQ(workload_get(next, "/readyz").status, 0) << "nobody listens yet";
}

TEST_F(MemoryPluginTest, a_machine_without_its_clusters_authority_waits_for_it) {
  TestCluster cluster(host, "waits");
  cluster.provision(*plugin);
  const std::vector<Json> secrets = std::exchange(host.objects, {});
  const auto machine = cluster.machine(*plugin, "cp-0", true);
  machine->run(3);
  EXPECT_EQ(machine->last.status, CAPSTAN_NOT_FOUND);
  EXPECT_EQ(machine->condition("Ready"), "False");
  host.objects = secrets;
  machine->run(3);
  EXPECT_EQ(machine->condition("Ready"), "True");
}

TEST_F(MemoryPluginTest, two_hundred_clusters_come_and_go_at_little_cost) {
  std::vector<std::unique_ptr<TestCluster>> clusters;
  for (int i = 0; i < 200; ++i) {
    clusters.push_back(std::make_unique<TestCluster>(host, "fleet-" + std::to_string(i)));
  }
  const size_t before = resident_bytes();
  for (const auto& cluster : clusters) {
    cluster->provision(*plugin);
    cluster->machine(*plugin, cluster->name + "-cp", true)->run(5);
    cluster->machine(*plugin, cluster->name + "-worker", false)->run(5);
  }
  const size_t each = (resident_bytes() - before) / clusters.size();
  std::printf("%zu KiB a cluster\n", each / 1024);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LT(each, 200U * 1024);
#endif
  for (const auto& cluster : clusters) {
    EXPECT_EQ(get(*cluster, "/api/v1/nodes")["items"].size(), 2U);
  }
  for (const auto& cluster : clusters) cluster->remove(*plugin);
}

}  // namespace
}  // namespace capstan::memory
