// The Node of a Machine that goes, where its cluster does not delete it at once.
#include <gtest/gtest.h>

#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/register.h"
#include "runtime/lifecycle/simulation/simulation.h"
#include "runtime/object/old_conditions.h"

namespace capstan::lifecycle {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class NodeDeletionTest : public testing::Test {
 protected:
  // Deletes a worker that is held by a hook for so long first, and refuses to delete its Node.
  void delete_worker(Duration held, Code refusal) {
    simulation.apply(cluster_manifests("a"));
    simulation.run_for(minutes(3));
    for (const ObjectPtr& object : simulation.list(kMachine)) {
      if (!object->meta().labels.contains(kControlPlaneLabel)) machine = object->key();
    }
    ASSERT_FALSE(simulation.workload.node(workload, machine.name).is_null());
    const auto hold = [&](const Json& value) {
      const Json annotations = {{std::string(kPreDrainHookPrefix) + "/x", value}};
      simulation.patch(machine, {{"metadata", {{"annotations", annotations}}}});
    };
    hold("y");
    simulation.remove(machine);
    simulation.run_for(held);
    simulation.workload.refuse_node_deletion(workload, refusal);
    hold(nullptr);
    simulation.settle();
  }
  void allow() { simulation.workload.refuse_node_deletion(workload, std::nullopt); }
  bool machine_is_there() const { return simulation.get(machine) != nullptr; }
  bool node_is_there() const { return !simulation.workload.node(workload, machine.name).is_null(); }

  Simulation simulation{admissions(), [this](Manager& manager, ResourceService& resources,
                                             WorkloadClusters& clusters) {
                          register_controllers(manager, resources, {resources.kinds(), clusters});
                        }};
  const ClusterName workload{"default", "a"};
  ObjectKey machine;
};

TEST_F(NodeDeletionTest, a_failure_after_a_long_drain_is_not_the_last_try) {
  delete_worker(minutes(5), Code::kUnavailable);
  EXPECT_EQ(simulation.reason(machine, "Deleting"), "DeletingNode");
  EXPECT_EQ(get_old_condition(simulation.tree(machine), "NodeHealthy"),
            (OldCondition{"NodeHealthy", "False", "Warning", "DeletionFailed"}));
  simulation.run_for(seconds(8));
  EXPECT_TRUE(machine_is_there());
  allow();
  simulation.run_for(seconds(3));
  EXPECT_FALSE(node_is_there());
  EXPECT_FALSE(machine_is_there());
}

TEST_F(NodeDeletionTest, a_node_that_cannot_be_deleted_for_long_is_left) {
  delete_worker(minutes(5), Code::kUnavailable);
  simulation.run_for(seconds(15));
  EXPECT_FALSE(machine_is_there());
  EXPECT_TRUE(node_is_there());
}

TEST_F(NodeDeletionTest, it_is_tried_at_least_for_the_time_that_the_machine_gives) {
  delete_worker(seconds(1), Code::kUnavailable);
  simulation.patch(machine, {{"spec", {{"deletion", {{"nodeDeletionTimeoutSeconds", 60}}}}}});
  simulation.run_for(seconds(50));
  EXPECT_TRUE(machine_is_there());
  simulation.run_for(seconds(15));
  EXPECT_FALSE(machine_is_there());
}

TEST_F(NodeDeletionTest, one_whose_requests_are_interrupted_is_never_given_up) {
  delete_worker(minutes(5), Code::kCancelled);
  simulation.run_for(minutes(5));
  EXPECT_TRUE(machine_is_there());
  allow();
  simulation.run_for(seconds(3));
  EXPECT_FALSE(node_is_there());
  EXPECT_FALSE(machine_is_there());
}

TEST_F(NodeDeletionTest, a_failure_long_after_an_interrupted_try_is_not_the_last_one) {
  delete_worker(minutes(5), Code::kCancelled);
  simulation.run_for(minutes(1));
  simulation.workload.refuse_node_deletion(workload, Code::kUnavailable);
  simulation.run_for(seconds(8));
  EXPECT_TRUE(machine_is_there());
  EXPECT_EQ(simulation.reason(machine, "Deleting"), "DeletingNode");
  allow();
  simulation.run_for(seconds(3));
  EXPECT_FALSE(node_is_there());
  EXPECT_FALSE(machine_is_there());
}

}  // namespace
}  // namespace capstan::lifecycle
