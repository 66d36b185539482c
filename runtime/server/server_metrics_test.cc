#include "runtime/server/server_metrics.h"

#include <gtest/gtest.h>

namespace capstan {
namespace {

bool says(const Exposition& out, const std::string& line) {
  return ("\n" + out.text()).find("\n" + line + "\n") != std::string::npos;
}

TEST(ServerMetricsTest, each_reconcile_has_one_result) {
  ControllerStatistics machine;
  machine.controller = "machine";
  machine.depth = 3;
  machine.adds = 12;
  machine.retries = 3;
  machine.reconciles = 10;
  machine.errors = 1;
  machine.conflicts = 2;
  machine.requeues = 4;
  Exposition out;
  describe_controllers({machine}, out);
  for (const char* result : {"success\"} 3", "error\"} 1", "requeue\"} 2", "requeue_after\"} 4"}) {
    EXPECT_TRUE(says(out, std::string("controller_runtime_reconcile_total{controller=\"machine\","
                                      "result=\"") +
                              result))
        << out.text();
  }
  EXPECT_TRUE(says(out, "workqueue_depth{controller=\"machine\",name=\"machine\"} 3"));
  EXPECT_TRUE(says(out, "workqueue_adds_total{controller=\"machine\",name=\"machine\"} 12"));
  EXPECT_TRUE(says(out, "workqueue_retries_total{controller=\"machine\",name=\"machine\"} 3"));
}

TEST(ServerMetricsTest, figures_that_moved_while_they_were_read_give_no_negative_count) {
  ControllerStatistics machine;
  machine.controller = "machine";
  machine.reconciles = 1;
  machine.errors = 2;
  Exposition out;
  describe_controllers({machine}, out);
  EXPECT_TRUE(says(out,
                   "controller_runtime_reconcile_total{controller=\"machine\","
                   "result=\"success\"} 0"));
}

TEST(ServerMetricsTest, a_plugin_s_calls_failures_and_restarts_carry_its_name) {
  Histogram latency(kLatencyBounds);
  latency.observe(0.5);
  Exposition out;
  describe_providers({{"docker", {7, 2, latency.snapshot(), 1}}}, out);
  EXPECT_TRUE(says(out, "capstan_provider_calls_total{plugin=\"docker\"} 7"));
  EXPECT_TRUE(says(out, "capstan_provider_failures_total{plugin=\"docker\"} 2"));
  EXPECT_TRUE(says(out, "capstan_provider_restarts_total{plugin=\"docker\"} 1"));
  EXPECT_TRUE(says(out, "capstan_provider_call_duration_seconds_sum{plugin=\"docker\"} 0.5"));
}

}  // namespace
}  // namespace capstan
