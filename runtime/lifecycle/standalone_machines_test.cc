// Machines that no set, pool or control plane made.
#include <gtest/gtest.h>

#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/common/owner_references.h"
#include "runtime/lifecycle/register.h"
#include "runtime/lifecycle/simulation/simulation.h"

namespace capstan::lifecycle {
namespace {

using std::chrono::minutes;

const GroupKind kDevMachine{"infrastructure.cluster.x-k8s.io", "DevMachine"};
const GroupKind kKubeadmConfig{"bootstrap.cluster.x-k8s.io", "KubeadmConfig"};

Json object(const char* api_version, const GroupKind& kind, const std::string& name) {
  return {{"apiVersion", api_version},
          {"kind", kind.kind},
          {"metadata", {{"name", name}, {"namespace", "default"}}}};
}

Json reference(const GroupKind& kind, const std::string& name) {
  return {{"apiGroup", kind.group}, {"kind", kind.kind}, {"name", name}};
}

// A Cluster without a control plane of its own, and Machines that belong to it.
class StandaloneMachinesTest : public testing::Test {
 protected:
  void apply_cluster() {
    std::vector<Json> manifests = cluster_manifests("a");
    Json cluster = manifests.back();
    cluster["spec"].erase("controlPlaneRef");
    simulation.apply({manifests.front(), cluster});
  }
  void apply_machine(const std::string& name, const Json& labels) {
    Json infrastructure = object("infrastructure.cluster.x-k8s.io/v1beta2", kDevMachine, name);
    infrastructure["spec"] = {{"backend", {{"inMemory", Json::object()}}}};
    Json config = object("bootstrap.cluster.x-k8s.io/v1beta2", kKubeadmConfig, name);
    config["metadata"]["labels"] = labels;
    Json machine = object(kClusterApiVersion, kMachine, name);
    machine["metadata"]["labels"] = labels;
    machine["spec"] = {{"clusterName", "a"},
                       {"version", "v1.33.0"},
                       {"bootstrap", {{"configRef", reference(kKubeadmConfig, name)}}},
                       {"infrastructureRef", reference(kDevMachine, name)}};
    simulation.apply({infrastructure, config, machine});
  }
  std::vector<std::string> owners(const std::string& machine) {
    std::vector<std::string> kinds;
    const ObjectPtr found = simulation.get(simulation.key(kMachine, machine));
    if (found == nullptr) return kinds;
    for (const OwnerReference& owner : found->meta().owner_references) {
      kinds.push_back(owner.kind + "/" + owner.name);
    }
    return kinds;
  }

  Simulation simulation{admissions(), [this](Manager& manager, ResourceService& resources,
                                             WorkloadClusters& workload) {
                          register_controllers(manager, resources, {resources.kinds(), workload});
                        }};
  const ObjectKey cluster{kCluster, "default", "a"};
};

TEST_F(StandaloneMachinesTest, machines_of_both_roles_belong_to_the_cluster_and_go_with_it) {
  apply_cluster();
  simulation.workload.connect({"default", "a"});
  apply_machine("first", {{kClusterNameLabel, "a"}, {kControlPlaneLabel, ""}});
  apply_machine("worker", {{kClusterNameLabel, "a"}});
  simulation.run_for(minutes(3));
  EXPECT_EQ(simulation.phase(simulation.key(kMachine, "first")), "Running");
  EXPECT_EQ(simulation.phase(simulation.key(kMachine, "worker")), "Running");
  EXPECT_EQ(owners("first"), std::vector<std::string>{"Cluster/a"});
  EXPECT_EQ(owners("worker"), std::vector<std::string>{"Cluster/a"});

  simulation.remove(cluster);
  simulation.run_for(minutes(3));
  EXPECT_EQ(simulation.get(cluster), nullptr) << simulation.tree(cluster).dump(1);
  EXPECT_TRUE(simulation.list(kMachine).empty());
  EXPECT_TRUE(simulation.list(kDevMachine).empty());
  EXPECT_TRUE(simulation.list(kKubeadmConfig).empty());
}

TEST_F(StandaloneMachinesTest, one_that_a_control_plane_made_waits_for_its_owner) {
  apply_cluster();
  apply_machine("made", {{kClusterNameLabel, "a"},
                         {kControlPlaneLabel, ""},
                         {kControlPlaneNameLabel, "a-control-plane"}});
  simulation.run_for(minutes(1));
  EXPECT_TRUE(owners("made").empty());
}

}  // namespace
}  // namespace capstan::lifecycle
