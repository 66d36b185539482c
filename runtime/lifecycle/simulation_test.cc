#include <gtest/gtest.h>

#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/common/owner_references.h"
#include "runtime/lifecycle/register.h"
#include "runtime/lifecycle/simulation/simulation.h"
#include "runtime/object/conditions.h"

namespace capstan::lifecycle {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class SimulationTest : public testing::Test {
 protected:
  void bring_up(const ClusterShape& shape = {}) {
    simulation.apply(cluster_manifests("a", shape));
    simulation.run_for(minutes(3));
    ASSERT_TRUE(simulation.is_true(cluster, "Available"))
        << simulation.tree(cluster).dump(1) << simulation.tree(deployment).dump(1);
  }

  std::vector<ObjectPtr> workers() const {
    std::vector<ObjectPtr> found;
    for (const ObjectPtr& machine : simulation.list(kMachine)) {
      if (!machine->meta().labels.contains(kControlPlaneLabel)) found.push_back(machine);
    }
    return found;
  }

  int64_t count(const ObjectKey& key, const char* field) const {
    return get_int(simulation.tree(key), {"status", field}, -1);
  }

  Simulation simulation{admissions(), [this](Manager& manager, ResourceService& resources,
                                             WorkloadClusters& workload) {
                          register_controllers(manager, resources, {resources.kinds(), workload});
                        }};
  const ObjectKey cluster{kCluster, "default", "a"};
  const ObjectKey deployment{kMachineDeployment, "default", "a-md"};
  const ClusterName workload{"default", "a"};
};

TEST_F(SimulationTest, a_cluster_comes_up_with_control_plane_and_workers) {
  bring_up({.workers = 2});
  EXPECT_EQ(simulation.phase(cluster), "Provisioned");
  EXPECT_EQ(simulation.phase(deployment), "Running");
  ASSERT_EQ(workers().size(), 2u);
  for (const ObjectPtr& machine : simulation.list(kMachine)) {
    const Json tree = *machine->tree();
    EXPECT_EQ(get_string(tree, {"status", "phase"}), "Running");
    EXPECT_EQ(get_string(tree, {"status", "nodeRef", "name"}), machine->meta().name);
    EXPECT_EQ(get_string(tree, {"spec", "providerID"}), "fake:///" + machine->meta().name);
  }
  const Json tree = simulation.tree(cluster);
  EXPECT_EQ(get_int(tree, {"status", "workers", "availableReplicas"}), 2);
  EXPECT_EQ(get_int(tree, {"status", "controlPlane", "readyReplicas"}), 1);
  EXPECT_EQ(get_string(tree, {"spec", "controlPlaneEndpoint", "host"}), "10.0.0.1");
}

TEST_F(SimulationTest, owner_references_are_as_cluster_api_documents_them) {
  bring_up();
  const auto owner = [&](const GroupKind& kind, const std::string& name) {
    const ObjectPtr object = simulation.get(simulation.key(kind, name));
    return object->meta().owner_references.at(0);
  };
  EXPECT_EQ(owner(kMachineDeployment, "a-md").kind, "Cluster");
  EXPECT_FALSE(owner(kMachineDeployment, "a-md").controller);
  EXPECT_FALSE(owner({"infrastructure.cluster.x-k8s.io", "DevCluster"}, "a").controller);
  EXPECT_EQ(owner({"bootstrap.cluster.x-k8s.io", "KubeadmConfigTemplate"}, "a").kind, "Cluster");
  EXPECT_EQ(owner({"infrastructure.cluster.x-k8s.io", "DevMachineTemplate"}, "a").kind, "Cluster");
  const std::string worker = workers().at(0)->meta().name;
  EXPECT_EQ(owner(kMachine, worker).kind, "MachineSet");
  EXPECT_TRUE(owner(kMachine, worker).controller);
  for (const GroupKind& kind : {GroupKind{"infrastructure.cluster.x-k8s.io", "DevMachine"},
                                GroupKind{"bootstrap.cluster.x-k8s.io", "KubeadmConfig"}}) {
    const ObjectPtr object = simulation.get(simulation.key(kind, worker));
    ASSERT_NE(object, nullptr);
    ASSERT_EQ(object->meta().owner_references.size(), 1u);
    EXPECT_EQ(owner(kind, worker).kind, "Machine");
    EXPECT_TRUE(owner(kind, worker).controller);
  }
}

// What a cluster costs: rounds and writes of the lifecycle controllers, without the fake providers.
TEST_F(SimulationTest, a_cluster_comes_up_in_few_rounds_and_writes) {
  bring_up();
  uint64_t rounds = 0;
  uint64_t writes = 0;
  for (const ControllerStatistics& statistics : simulation.manager().statistics()) {
    if (statistics.controller.starts_with("dev") || statistics.controller.starts_with("kubeadm")) {
      continue;
    }
    RecordProperty(statistics.controller, static_cast<int>(statistics.reconciles));
    rounds += statistics.reconciles;
    writes += statistics.changes;
    EXPECT_EQ(statistics.errors, 0u) << statistics.controller;
  }
  EXPECT_LE(rounds, 100u);
  EXPECT_LE(writes, 75u);
}

TEST_F(SimulationTest, a_cluster_that_is_up_is_left_alone) {
  bring_up();
  const Revision before = simulation.cache().revision();
  simulation.run_for(minutes(30));
  EXPECT_EQ(simulation.cache().revision(), before);
}

// "Type=Status" of the conditions that a client of v1beta1 sees.
std::vector<std::string> old_conditions(Simulation& simulation, const ObjectKey& key) {
  const auto object =
      simulation.resources().get({simulation.kinds.find(key.kind), "v1beta1", key.ns, key.name});
  std::vector<std::string> found;
  if (!object.ok()) return {object.error().message};
  const JsonPtr tree = (*object)->tree();
  const Json* list = find(*tree, {"status", "conditions"});
  if (list == nullptr) return found;
  for (const Json& condition : *list) {
    found.push_back(get_string(condition, {"type"}) + "=" + get_string(condition, {"status"}));
  }
  return found;
}

TEST_F(SimulationTest, a_client_of_v1beta1_sees_conditions_as_v1beta1_had_them) {
  using Conditions = std::vector<std::string>;
  simulation.apply(cluster_manifests("a", {}));
  simulation.run_for(seconds(5));
  EXPECT_EQ(old_conditions(simulation, cluster),
            (Conditions{"Ready=False", "ControlPlaneInitialized=False", "ControlPlaneReady=False",
                        "InfrastructureReady=True"}));
  EXPECT_EQ(old_conditions(simulation, deployment),
            (Conditions{"Ready=False", "Available=False", "MachineSetReady=False"}));
  simulation.run_for(minutes(3));
  EXPECT_EQ(old_conditions(simulation, cluster),
            (Conditions{"Ready=True", "ControlPlaneInitialized=True", "ControlPlaneReady=True",
                        "InfrastructureReady=True"}));
  EXPECT_EQ(old_conditions(simulation, deployment),
            (Conditions{"Ready=True", "Available=True", "MachineSetReady=True"}));
  EXPECT_EQ(
      old_conditions(simulation, simulation.list(kMachineSet).at(0)->key()),
      (Conditions{"Ready=True", "MachinesCreated=True", "MachinesReady=True", "Resized=True"}));
  EXPECT_EQ(old_conditions(simulation, workers().at(0)->key()),
            (Conditions{"Ready=True", "BootstrapReady=True", "InfrastructureReady=True",
                        "NodeHealthy=True"}));
}

TEST_F(SimulationTest, a_client_of_v1beta1_sees_counters_as_v1beta1_had_them) {
  bring_up({.workers = 2});
  const auto read = simulation.resources().get(
      {simulation.kinds.find(kMachineDeployment), "v1beta1", "default", "a-md"});
  ASSERT_TRUE(read.ok());
  const JsonPtr tree = (*read)->tree();
  EXPECT_EQ(get_int(*tree, {"status", "updatedReplicas"}, -1), 2);
  EXPECT_EQ(get_int(*tree, {"status", "readyReplicas"}, -1), 2);
  EXPECT_EQ(get_int(*tree, {"status", "unavailableReplicas"}, -1), 0);
}

TEST_F(SimulationTest, a_control_plane_machine_tells_when_its_certificates_end) {
  bring_up();
  const ObjectKey machine = simulation.key(kMachine, "a-cp-0");
  EXPECT_EQ(find(simulation.tree(machine), {"status", "certificatesExpiryDate"}), nullptr);
  const auto note = [&](const ObjectKey& key, const char* date) {
    simulation.patch(key, {{"metadata", {{"annotations", {{kCertificatesExpiry, date}}}}}});
    simulation.settle();
    return get_string(simulation.tree(machine), {"status", "certificatesExpiryDate"});
  };
  const ObjectKey config =
      simulation.key({"bootstrap.cluster.x-k8s.io", "KubeadmConfig"}, "a-cp-0");
  EXPECT_EQ(note(config, "2027-01-01T00:00:00Z"), "2027-01-01T00:00:00Z");
  EXPECT_EQ(note(machine, "2028-01-01T00:00:00Z"), "2028-01-01T00:00:00Z");
}

TEST_F(SimulationTest, workers_are_scaled_up_and_down) {
  bring_up();
  simulation.patch(deployment, {{"spec", {{"replicas", 4}}}});
  simulation.run_for(minutes(2));
  EXPECT_EQ(workers().size(), 4u);
  EXPECT_EQ(count(deployment, "availableReplicas"), 4);
  simulation.patch(deployment, {{"spec", {{"replicas", 1}}}});
  simulation.run_for(minutes(2));
  EXPECT_EQ(workers().size(), 1u);
  EXPECT_EQ(simulation.phase(deployment), "Running");
}

TEST_F(SimulationTest, a_new_version_rolls_out_without_losing_available_machines) {
  bring_up({.workers = 3});
  simulation.patch(deployment, {{"spec", {{"template", {{"spec", {{"version", "v1.33.9"}}}}}}}});
  size_t most = 0;
  int64_t least_available = 3;
  for (int i = 0; i < 300; ++i) {
    simulation.run_for(seconds(1));
    most = std::max(most, workers().size());
    least_available = std::min(least_available, count(deployment, "availableReplicas"));
  }
  EXPECT_EQ(most, 4u);            // maxSurge 1
  EXPECT_EQ(least_available, 3);  // maxUnavailable 0
  for (const ObjectPtr& machine : workers()) {
    EXPECT_EQ(get_string(*machine->tree(), {"spec", "version"}), "v1.33.9");
  }
  EXPECT_EQ(workers().size(), 3u);
  EXPECT_EQ(simulation.list(kMachineSet).size(), 1u);
  EXPECT_EQ(simulation.get(deployment)->meta().annotation(kRevision), "2");
  EXPECT_TRUE(simulation.is_true(deployment, "MachinesUpToDate"));
}

TEST_F(SimulationTest, labels_and_timeouts_of_a_template_reach_machines_in_place) {
  bring_up();
  const std::string name = workers().at(0)->meta().name;
  simulation.patch(deployment,
                   {{"spec",
                     {{"template",
                       {{"metadata", {{"labels", {{"node.cluster.x-k8s.io/zone", "x"}}}}},
                        {"spec", {{"deletion", {{"nodeDrainTimeoutSeconds", 60}}}}}}}}}});
  simulation.run_for(minutes(1));
  ASSERT_EQ(workers().size(), 1u);
  const ObjectPtr machine = workers().at(0);
  EXPECT_EQ(machine->meta().name, name);
  EXPECT_EQ(get_int(*machine->tree(), {"spec", "deletion", "nodeDrainTimeoutSeconds"}), 60);
  EXPECT_EQ(get_int(*machine->tree(), {"spec", "deletion", "nodeDeletionTimeoutSeconds"}), 10);
  EXPECT_EQ(get_string(simulation.workload.node(workload, name),
                       {"metadata", "labels", "node.cluster.x-k8s.io/zone"}),
            "x");
  const ObjectPtr infra =
      simulation.get(simulation.key({"infrastructure.cluster.x-k8s.io", "DevMachine"}, name));
  EXPECT_EQ(infra->meta().label("node.cluster.x-k8s.io/zone"), "x");
  EXPECT_NE(infra->meta().annotation(kClonedFromName), "");
  simulation.patch(
      deployment,
      {{"spec",
        {{"template", {{"metadata", {{"labels", {{"node.cluster.x-k8s.io/zone", nullptr}}}}}}}}}});
  simulation.run_for(minutes(1));
  EXPECT_EQ(workers().at(0)->meta().label("node.cluster.x-k8s.io/zone"), "");
  EXPECT_EQ(find(simulation.workload.node(workload, name),
                 {"metadata", "labels", "node.cluster.x-k8s.io/zone"}),
            nullptr);
}

TEST_F(SimulationTest, a_cluster_is_deleted_workers_first_and_infrastructure_last) {
  bring_up({.workers = 2});
  simulation.remove(cluster);
  simulation.run_for(minutes(1));
  EXPECT_EQ(simulation.get(cluster), nullptr);
  for (const GroupKind& kind : {kMachine, kMachineSet, kMachineDeployment,
                                GroupKind{"infrastructure.cluster.x-k8s.io", "DevMachine"},
                                GroupKind{"infrastructure.cluster.x-k8s.io", "DevCluster"},
                                GroupKind{"infrastructure.cluster.x-k8s.io", "DevMachineTemplate"},
                                GroupKind{"bootstrap.cluster.x-k8s.io", "KubeadmConfig"}}) {
    EXPECT_TRUE(simulation.list(kind).empty()) << kind.text();
  }
}

TEST_F(SimulationTest, deletion_waits_for_workers_before_it_touches_the_control_plane) {
  bring_up();
  const ObjectKey worker = workers().at(0)->key();
  simulation.patch(
      worker, {{"metadata",
                {{"annotations",
                  {{"pre-terminate.delete.hook.machine.cluster.x-k8s.io/backup", "operator"}}}}}});
  simulation.remove(cluster);
  simulation.run_for(minutes(5));
  EXPECT_EQ(simulation.reason(cluster, "Deleting"), "WaitingForWorkersDeletion");
  EXPECT_EQ(simulation.reason(worker, "Deleting"), "WaitingForPreTerminateHook");
  EXPECT_FALSE(
      simulation
          .get(simulation.key({"controlplane.cluster.x-k8s.io", "KubeadmControlPlane"}, "a-cp"))
          ->meta()
          .deleting());
  simulation.patch(
      worker, {{"metadata",
                {{"annotations",
                  {{"pre-terminate.delete.hook.machine.cluster.x-k8s.io/backup", nullptr}}}}}});
  simulation.run_for(minutes(1));
  EXPECT_EQ(simulation.get(cluster), nullptr);
}

TEST_F(SimulationTest, a_paused_cluster_is_not_touched) {
  bring_up();
  simulation.patch(cluster, {{"spec", {{"paused", true}}}});
  simulation.settle();
  EXPECT_TRUE(simulation.is_true(cluster, "Paused"));
  EXPECT_TRUE(simulation.is_true(deployment, "Paused"));
  simulation.patch(deployment, {{"spec", {{"replicas", 3}}}});
  simulation.run_for(minutes(2));
  EXPECT_EQ(workers().size(), 1u);
  simulation.patch(cluster, {{"spec", {{"paused", false}}}});
  simulation.run_for(minutes(2));
  EXPECT_EQ(workers().size(), 3u);
}

TEST_F(SimulationTest, drain_waits_for_a_disruption_budget) {
  bring_up({.workers = 2});
  const std::string name = workers().at(0)->meta().name;
  simulation.workload.add_pod(workload,
                              {{"metadata", {{"name", "db"}, {"namespace", "prod"}, {"uid", "1"}}},
                               {"spec", {{"nodeName", name}}}},
                              true);
  simulation.patch(workers().at(0)->key(),
                   {{"metadata", {{"annotations", {{kDeleteMachine, ""}}}}}});
  simulation.patch(deployment, {{"spec", {{"replicas", 1}}}});
  simulation.run_for(minutes(5));
  const ObjectKey machine = simulation.key(kMachine, name);
  EXPECT_EQ(simulation.reason(machine, "Deleting"), "DrainingNode");
  EXPECT_TRUE(get_bool(simulation.workload.node(workload, name), {"spec", "unschedulable"}));
  EXPECT_EQ(simulation.workload.pods(workload), 1u);
  simulation.workload.allow_eviction(workload, "prod/db");
  simulation.run_for(minutes(1));
  EXPECT_EQ(simulation.get(machine), nullptr);
  EXPECT_TRUE(simulation.workload.node(workload, name).is_null());
}

TEST_F(SimulationTest, a_drain_that_takes_too_long_is_given_up) {
  bring_up({.workers = 2,
            .deployment_spec = {
                {"template", {{"spec", {{"deletion", {{"nodeDrainTimeoutSeconds", 90}}}}}}}}});
  const std::string name = workers().at(0)->meta().name;
  simulation.workload.add_pod(workload,
                              {{"metadata", {{"name", "db"}, {"namespace", "prod"}, {"uid", "1"}}},
                               {"spec", {{"nodeName", name}}}},
                              true);
  simulation.patch(workers().at(0)->key(),
                   {{"metadata", {{"annotations", {{kDeleteMachine, ""}}}}}});
  simulation.patch(deployment, {{"spec", {{"replicas", 1}}}});
  simulation.run_for(seconds(60));
  EXPECT_NE(simulation.get(simulation.key(kMachine, name)), nullptr);
  simulation.run_for(seconds(90));
  EXPECT_EQ(simulation.get(simulation.key(kMachine, name)), nullptr);
}

TEST_F(SimulationTest, a_pre_drain_hook_holds_everything_that_follows) {
  bring_up({.workers = 2});
  const ObjectKey worker = workers().at(0)->key();
  simulation.patch(
      worker, {{"metadata",
                {{"annotations", {{"pre-drain.delete.hook.machine.cluster.x-k8s.io/x", "y"}}}}}});
  simulation.remove(worker);
  simulation.run_for(minutes(1));
  EXPECT_EQ(simulation.reason(worker, "Deleting"), "WaitingForPreDrainHook");
  EXPECT_FALSE(
      get_bool(simulation.workload.node(workload, worker.name), {"spec", "unschedulable"}));
  EXPECT_EQ(simulation.phase(worker), "Deleting");
}

TEST_F(SimulationTest, an_orphaned_machine_is_adopted_by_the_set_that_selects_it) {
  bring_up();
  const ObjectKey worker = workers().at(0)->key();
  simulation.patch(worker, {{"metadata", {{"ownerReferences", Json::array()}}}});
  simulation.run_for(minutes(1));
  ASSERT_NE(simulation.get(worker), nullptr);
  const OwnerReference* owner = simulation.get(worker)->meta().controller();
  ASSERT_NE(owner, nullptr);
  EXPECT_EQ(owner->kind, "MachineSet");
  EXPECT_EQ(workers().size(), 1u);
}

TEST_F(SimulationTest, a_lost_connection_shows_and_heals) {
  bring_up();
  simulation.workload.disconnect(workload);
  simulation.run_for(seconds(30));
  EXPECT_FALSE(simulation.is_true(cluster, "RemoteConnectionProbe"));
  EXPECT_EQ(simulation.reason(workers().at(0)->key(), "NodeHealthy"), "ConnectionDown");
  simulation.workload.connect(workload);
  simulation.settle();
  EXPECT_TRUE(simulation.is_true(cluster, "Available"));
}

class ResourceSetTest : public SimulationTest {
 protected:
  static constexpr char kPath[] = "/apis/apps/v1/namespaces/kube-system/daemonsets/cni";
  const ObjectKey set{kClusterResourceSet, "default", "cni"};

  void apply_set(const std::string& strategy) {
    simulation.workload.put(
        workload, "/apis/apps/v1",
        {{"resources", {{{"name", "daemonsets"}, {"kind", "DaemonSet"}, {"namespaced", true}}}}});
    simulation.apply({{{"apiVersion", "v1"},
                       {"kind", "ConfigMap"},
                       {"metadata", {{"name", "cni"}, {"namespace", "default"}}},
                       {"data", {{"cni.yaml", daemon_set("one")}}}},
                      {{"apiVersion", "addons.cluster.x-k8s.io/v1beta2"},
                       {"kind", "ClusterResourceSet"},
                       {"metadata", {{"name", "cni"}, {"namespace", "default"}}},
                       {"spec",
                        {{"strategy", strategy},
                         {"clusterSelector", {{"matchLabels", {{"cni", "yes"}}}}},
                         {"resources", {{{"kind", "ConfigMap"}, {"name", "cni"}}}}}}}});
    simulation.patch(cluster, {{"metadata", {{"labels", {{"cni", "yes"}}}}}});
    simulation.run_for(seconds(30));
  }

  static std::string daemon_set(const std::string& image) {
    return "---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: cni\n  namespace: "
           "kube-system\nspec:\n  image: " +
           image + "\n";
  }

  std::string image() const {
    return get_string(simulation.workload.get(workload, kPath), {"spec", "image"});
  }
};

TEST_F(ResourceSetTest, what_a_set_brings_is_applied_once_and_bound) {
  bring_up();
  apply_set("ApplyOnce");
  EXPECT_EQ(image(), "one");
  EXPECT_TRUE(simulation.is_true(set, "ResourcesApplied")) << simulation.tree(set).dump(1);
  const ObjectKey binding{kClusterResourceSetBinding, "default", "a"};
  ASSERT_NE(simulation.get(binding), nullptr);
  EXPECT_TRUE(owned_by(simulation.get(binding)->meta(), simulation.get(set)->meta().uid));
  EXPECT_TRUE(owned_by(simulation.get(simulation.key(kConfigMap, "cni"))->meta(),
                       simulation.get(set)->meta().uid));
  simulation.patch(simulation.key(kConfigMap, "cni"),
                   {{"data", {{"cni.yaml", daemon_set("two")}}}});
  simulation.run_for(seconds(30));
  EXPECT_EQ(image(), "one");
}

TEST_F(ResourceSetTest, a_set_that_reconciles_applies_what_changed) {
  bring_up();
  apply_set("Reconcile");
  simulation.patch(simulation.key(kConfigMap, "cni"),
                   {{"data", {{"cni.yaml", daemon_set("two")}}}});
  simulation.run_for(seconds(30));
  EXPECT_EQ(image(), "two");
}

TEST_F(ResourceSetTest, a_set_that_is_deleted_leaves_what_it_applied_and_no_binding) {
  bring_up();
  apply_set("ApplyOnce");
  simulation.remove(set);
  simulation.run_for(seconds(30));
  EXPECT_EQ(simulation.get(set), nullptr);
  EXPECT_EQ(simulation.get({kClusterResourceSetBinding, "default", "a"}), nullptr);
  EXPECT_EQ(image(), "one");
}

TEST_F(ResourceSetTest, a_set_is_deleted_though_its_cluster_is_paused) {
  bring_up();
  apply_set("ApplyOnce");
  simulation.patch(cluster, {{"spec", {{"paused", true}}}});
  simulation.remove(set);
  simulation.run_for(seconds(30));
  EXPECT_EQ(simulation.get(set), nullptr);
  EXPECT_EQ(simulation.get({kClusterResourceSetBinding, "default", "a"}), nullptr);
}

TEST_F(SimulationTest,
       a_cluster_whose_infrastructure_cannot_be_looked_up_is_not_given_up_for_gone) {
  bring_up();
  const GroupKind infrastructure{"infrastructure.cluster.x-k8s.io", "DevCluster"};
  const KindPtr kind = simulation.kinds.find(infrastructure);
  simulation.kinds.remove(infrastructure);
  simulation.remove(cluster);
  simulation.run_for(minutes(20));
  ASSERT_NE(simulation.get(cluster), nullptr);
  EXPECT_EQ(simulation.reason(cluster, "Deleting"), "WaitingForInfrastructureDeletion");
  simulation.kinds.put(kind);
  simulation.run_for(minutes(20));
  EXPECT_EQ(simulation.get(cluster), nullptr);
  EXPECT_TRUE(simulation.list(infrastructure).empty());
}

// Workload clusters whose news the test tells.
class TellingWorkload final : public WorkloadClusters {
 public:
  Result<WorkloadResponse> request(const ClusterName&, const WorkloadRequest&) override {
    return Error::unavailable("nothing is there");
  }
  Result<WorkloadResponse> pod_request(const ClusterName&, const PodRequest&) override {
    return Error::unavailable("nothing is there");
  }
  Result<std::vector<std::shared_ptr<const Json>>> nodes(const ClusterName&) override {
    return Error::unavailable("nothing is there");
  }
  void forget(const ClusterName&) override {}
  void on_change(std::function<void(const ClusterName&)> callback) override {
    tell = std::move(callback);
  }
  std::function<void(const ClusterName&)> tell;
};

TEST_F(SimulationTest, news_of_a_cluster_wake_controllers_that_are_there_and_no_others) {
  TellingWorkload clusters;
  SeededRandom random{1};
  auto manager =
      std::make_shared<Manager>(ManagerOptions{simulation.resources(), simulation.clock, random});
  register_controllers(*manager, simulation.resources(), {simulation.kinds, clusters});
  const auto tell = clusters.tell;
  tell(workload);
  const auto statistics = manager->statistics();
  const auto of_clusters = std::find_if(statistics.begin(), statistics.end(), [](const auto& each) {
    return each.controller == "cluster";
  });
  ASSERT_NE(of_clusters, statistics.end());
  EXPECT_EQ(of_clusters->adds, 1u);
  const std::weak_ptr<Manager> gone = manager;
  manager.reset();
  EXPECT_TRUE(gone.expired());
  tell(workload);
}

TEST_F(SimulationTest, objects_may_be_applied_in_any_order) {
  auto manifests = cluster_manifests("a");
  std::reverse(manifests.begin(), manifests.end());
  for (const Json& manifest : manifests) {
    simulation.apply({manifest});
    simulation.run_for(seconds(5));
  }
  simulation.run_for(minutes(3));
  EXPECT_TRUE(simulation.is_true(cluster, "Available")) << simulation.tree(cluster).dump(1);
}

}  // namespace
}  // namespace capstan::lifecycle
