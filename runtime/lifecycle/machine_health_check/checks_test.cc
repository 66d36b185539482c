#include "runtime/lifecycle/machine_health_check/checks.h"

#include <gtest/gtest.h>

#include "runtime/object/conditions.h"

namespace capstan::lifecycle {
namespace {

using std::chrono::seconds;

const Instant kStart = parse_time("2026-01-01T00:00:00Z").value();

Condition since(const char* type, const char* status, Instant time) {
  return {.type = type, .status = status, .reason = "R", .last_transition_time = format_time(time)};
}

struct Checked {
  Checked() {
    set_condition(cluster, since("InfrastructureReady", "True", kStart), kStart);
    set_condition(cluster, since("ControlPlaneInitialized", "True", kStart), kStart);
    machine = {{"metadata", {{"name", "m"}, {"creationTimestamp", format_time(kStart)}}},
               {"status", Json::object()}};
    checks = {{"nodeStartupTimeoutSeconds", 600},
              {"unhealthyNodeConditions",
               {{{"type", "Ready"}, {"status", "False"}, {"timeoutSeconds", 300}},
                {{"type", "Ready"}, {"status", "Unknown"}, {"timeoutSeconds", 300}}}}};
  }
  Verdict after(seconds passed) const {
    return check_machine(
        {checks, cluster, machine, node.is_null() ? nullptr : &node, missing, kStart + passed});
  }
  Json checks, cluster, machine, node;
  bool missing = false;
};

TEST(MachineHealthChecksTest, a_node_condition_is_a_cause_once_it_has_lasted_too_long) {
  Checked checked;
  set_condition(checked.node, since("Ready", "Unknown", kStart), kStart);
  const Verdict early = checked.after(seconds(200));
  EXPECT_FALSE(early.unhealthy());
  EXPECT_EQ(early.again, seconds(101));
  const Verdict late = checked.after(seconds(301));
  EXPECT_EQ(late.reason, "UnhealthyNode");
  EXPECT_EQ(late.message(),
            "Health check failed:\n  * Condition Ready on Node is reporting status Unknown with "
            "reason R for more than 5m0s");
  EXPECT_EQ(late.again, std::nullopt);
}

TEST(MachineHealthChecksTest, a_ready_node_is_healthy_and_nothing_is_waited_for) {
  Checked checked;
  set_condition(checked.node, since("Ready", "True", kStart), kStart);
  const Verdict verdict = checked.after(seconds(9000));
  EXPECT_TRUE(verdict.judged);
  EXPECT_FALSE(verdict.unhealthy());
  EXPECT_EQ(verdict.again, std::nullopt);
}

TEST(MachineHealthChecksTest, the_startup_clock_starts_with_the_last_thing_that_was_waited_for) {
  Checked checked;
  EXPECT_FALSE(checked.after(seconds(600)).unhealthy());
  EXPECT_EQ(checked.after(seconds(601)).reason, "NodeStartupTimeout");
  set_condition(checked.machine, since("InfrastructureReady", "True", kStart + seconds(500)),
                kStart);
  EXPECT_FALSE(checked.after(seconds(1100)).unhealthy());
  EXPECT_EQ(checked.after(seconds(1101)).causes.at(0), "Node failed to report startup in 10m0s");
}

TEST(MachineHealthChecksTest, a_startup_timeout_of_zero_waits_for_ever) {
  Checked checked;
  checked.checks["nodeStartupTimeoutSeconds"] = 0;
  EXPECT_FALSE(checked.after(seconds(1'000'000)).unhealthy());
}

TEST(MachineHealthChecksTest, a_node_that_is_gone_makes_its_machine_unhealthy_at_once) {
  Checked checked;
  checked.machine["status"]["nodeRef"] = {{"name", "n"}};
  checked.missing = true;
  const Verdict verdict = checked.after(seconds(1));
  EXPECT_EQ(verdict.reason, "NodeDeleted");
  EXPECT_EQ(verdict.causes, std::vector<std::string>{"Node n has been deleted"});
}

TEST(MachineHealthChecksTest, conditions_of_the_machine_count_without_a_node_too) {
  Checked checked;
  checked.checks["unhealthyMachineConditions"] = {
      {{"type", "InfrastructureReady"}, {"status", "False"}, {"timeoutSeconds", 60}}};
  set_condition(checked.machine, since("InfrastructureReady", "False", kStart), kStart);
  EXPECT_FALSE(checked.after(seconds(60)).unhealthy());
  EXPECT_EQ(checked.after(seconds(61)).reason, "UnhealthyMachine");
}

TEST(MachineHealthChecksTest, workers_are_not_judged_before_there_is_a_control_plane) {
  Checked checked;
  remove_condition(checked.cluster, "ControlPlaneInitialized");
  EXPECT_FALSE(checked.after(seconds(9000)).judged);
  checked.machine["metadata"]["labels"] = {{"cluster.x-k8s.io/control-plane", ""}};
  EXPECT_EQ(checked.after(seconds(9000)).reason, "NodeStartupTimeout");
}

TEST(MachineHealthChecksTest, nobody_is_judged_before_the_infrastructure_is_ready) {
  Checked checked;
  remove_condition(checked.cluster, "InfrastructureReady");
  EXPECT_FALSE(checked.after(seconds(9000)).judged);
}

TEST(MachineHealthChecksTest, an_annotation_makes_a_machine_unhealthy_whatever_its_node_says) {
  Checked checked;
  set_condition(checked.node, since("Ready", "True", kStart), kStart);
  checked.machine["metadata"]["annotations"] = {{"cluster.x-k8s.io/remediate-machine", ""}};
  EXPECT_EQ(checked.after(seconds(1)).reason, "HasRemediateAnnotation");
}

}  // namespace
}  // namespace capstan::lifecycle
