#include <gtest/gtest.h>

#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/register.h"
#include "runtime/lifecycle/simulation/simulation.h"
#include "runtime/object/conditions.h"

namespace capstan::lifecycle {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// A cluster with workers that a MachineHealthCheck looks after.
class MachineHealthCheckTest : public testing::Test {
 protected:
  void bring_up(int workers, Json remediation = Json::object()) {
    simulation.apply(cluster_manifests("a", {.workers = workers}));
    Json object = {{"apiVersion", kClusterApiVersion},
                   {"kind", "MachineHealthCheck"},
                   {"metadata", {{"name", "check"}, {"namespace", "default"}}},
                   {"spec",
                    {{"clusterName", "a"},
                     {"selector", {{"matchLabels", {{kDeploymentNameLabel, "a-md"}}}}},
                     {"checks",
                      {{"unhealthyNodeConditions",
                        {{{"type", "Ready"}, {"status", "Unknown"}, {"timeoutSeconds", 300}}}}}}}}};
    if (!remediation.empty()) object["spec"]["remediation"] = std::move(remediation);
    simulation.apply({object});
    simulation.run_for(minutes(3));
    ASSERT_TRUE(simulation.is_true(simulation.key(kCluster, "a"), "Available"));
  }

  std::vector<std::string> workers() const {
    std::vector<std::string> names;
    for (const ObjectPtr& machine : simulation.list(kMachine)) {
      if (!machine->meta().labels.contains(kControlPlaneLabel)) {
        names.push_back(machine->meta().name);
      }
    }
    return names;
  }
  ObjectKey machine(const std::string& name) const { return simulation.key(kMachine, name); }
  int64_t count(const char* field) const {
    return get_int(simulation.tree(check), {"status", field}, -1);
  }
  void lose(const std::string& node) {
    simulation.workload.set_node_ready(cluster, node, "Unknown",
                                       format_time(simulation.clock.now()));
  }

  Simulation simulation{admissions(), [this](Manager& manager, ResourceService& resources,
                                             WorkloadClusters& workload) {
                          register_controllers(manager, resources, {resources.kinds(), workload});
                        }};
  const ObjectKey check{kMachineHealthCheck, "default", "check"};
  const ClusterName cluster{"default", "a"};
};

TEST_F(MachineHealthCheckTest, healthy_machines_are_counted_and_marked) {
  bring_up(2);
  EXPECT_EQ(count("expectedMachines"), 2);
  EXPECT_EQ(count("currentHealthy"), 2);
  EXPECT_EQ(count("remediationsAllowed"), 2);
  EXPECT_TRUE(simulation.is_true(check, "RemediationAllowed"));
  EXPECT_TRUE(simulation.is_true(machine(workers().at(0)), "HealthCheckSucceeded"));
  EXPECT_EQ(simulation.get(check)->meta().owner_references.at(0).kind, "Cluster");
  const Revision before = simulation.cache().revision();
  simulation.run_for(minutes(30));
  EXPECT_EQ(simulation.cache().revision(), before);
}

TEST_F(MachineHealthCheckTest, a_machine_whose_node_is_lost_for_too_long_is_replaced_by_its_set) {
  bring_up(2);
  const std::string lost = workers().at(0);
  lose(lost);
  simulation.run_for(minutes(4));
  EXPECT_NE(simulation.get(machine(lost)), nullptr);
  simulation.run_for(minutes(4));
  EXPECT_EQ(simulation.get(machine(lost)), nullptr);
  EXPECT_EQ(workers().size(), 2u);
  EXPECT_EQ(count("currentHealthy"), 2);
}

TEST_F(MachineHealthCheckTest, nothing_is_replaced_while_too_many_are_unhealthy) {
  bring_up(3, {{"triggerIf", {{"unhealthyLessThanOrEqualTo", "40%"}}}});
  const auto before = workers();
  lose(before.at(0));
  lose(before.at(1));
  simulation.run_for(minutes(10));
  EXPECT_EQ(workers(), before);
  EXPECT_EQ(simulation.reason(check, "RemediationAllowed"), "TooManyUnhealthy");
  EXPECT_EQ(count("remediationsAllowed"), 0);
  EXPECT_EQ(simulation.reason(machine(before.at(0)), "HealthCheckSucceeded"), "UnhealthyNode");
  EXPECT_EQ(simulation.reason(machine(before.at(0)), "OwnerRemediated"), "");
}

TEST_F(MachineHealthCheckTest, a_machine_that_asks_to_be_left_alone_is_not_checked) {
  bring_up(2);
  const std::string lost = workers().at(0);
  simulation.patch(machine(lost), {{"metadata", {{"annotations", {{kSkipRemediation, ""}}}}}});
  lose(lost);
  simulation.run_for(minutes(10));
  EXPECT_NE(simulation.get(machine(lost)), nullptr);
  EXPECT_EQ(count("expectedMachines"), 1);
}

TEST_F(MachineHealthCheckTest, a_machine_that_is_marked_by_hand_is_replaced) {
  bring_up(2);
  const std::string marked = workers().at(1);
  simulation.patch(machine(marked), {{"metadata", {{"annotations", {{kRemediateMachine, ""}}}}}});
  simulation.run_for(minutes(3));
  EXPECT_EQ(simulation.get(machine(marked)), nullptr);
  EXPECT_EQ(workers().size(), 2u);
}

TEST_F(MachineHealthCheckTest, a_machine_that_recovers_before_it_is_replaced_stays) {
  bring_up(1);
  const std::string name = workers().at(0);
  // Remediation waits while the control plane is on its way to another version.
  simulation.patch_status(
      simulation.key({"controlplane.cluster.x-k8s.io", "KubeadmControlPlane"}, "a-cp"),
      {{"status", {{"versions", {{{"version", "v1.32.0"}, {"replicas", 1}}}}}}});
  lose(name);
  simulation.run_for(minutes(7));
  ASSERT_EQ(simulation.reason(machine(name), "OwnerRemediated"), "RemediationDeferred");
  simulation.workload.set_node_ready(cluster, name, "True");
  simulation.run_for(minutes(1));
  EXPECT_TRUE(simulation.is_true(machine(name), "HealthCheckSucceeded"));
  EXPECT_EQ(simulation.reason(machine(name), "OwnerRemediated"), "");
}

TEST_F(MachineHealthCheckTest, a_control_plane_machine_is_marked_and_left_to_its_owner) {
  bring_up(1);
  simulation.patch(
      check,
      {{"spec",
        {{"selector",
          {{"matchLabels", {{kDeploymentNameLabel, nullptr}, {kControlPlaneLabel, ""}}}}}}}});
  lose("a-cp-0");
  simulation.run_for(minutes(10));
  EXPECT_NE(simulation.get(machine("a-cp-0")), nullptr);
  EXPECT_EQ(simulation.reason(machine("a-cp-0"), "OwnerRemediated"), "WaitingForRemediation");
}

}  // namespace
}  // namespace capstan::lifecycle
