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

TEST(ServerMetricsTest, a_plugin_s_figures_carry_its_name) {
  Histogram latency(kLatencyBounds);
  latency.observe(0.5);
  PluginFigures docker;
  docker.statistics = {.calls = 7, .failures = 2, .latency = latency.snapshot(), .restarts = 1};
  docker.statistics.crashes = 4;
  docker.statistics.failures_by_code = {{Code::kUnavailable, 2}};
  docker.statistics.cpu_seconds = 1.5;
  docker.statistics.resident_bytes = 4096;
  docker.state.name = "Quarantined";
  docker.state.isolation = "process";
  docker.queued = 9;
  Exposition out;
  describe_plugins({{"docker", docker}}, out);
  for (const char* line :
       {"capstan_provider_calls_total{plugin=\"docker\"} 7",
        "capstan_provider_failures_total{plugin=\"docker\"} 2",
        "capstan_provider_errors_total{plugin=\"docker\",code=\"unavailable\"} 2",
        "capstan_provider_restarts_total{plugin=\"docker\"} 1",
        "capstan_provider_crashes_total{plugin=\"docker\"} 4",
        "capstan_provider_call_duration_seconds_sum{plugin=\"docker\"} 0.5",
        "capstan_provider_cpu_seconds_total{plugin=\"docker\"} 1.5",
        "capstan_provider_resident_memory_bytes{plugin=\"docker\"} 4096",
        "capstan_provider_queue_depth{plugin=\"docker\"} 9",
        "capstan_provider_quarantined{plugin=\"docker\"} 1",
        "capstan_provider_up{plugin=\"docker\"} 0"}) {
    EXPECT_TRUE(says(out, line)) << line << "\n" << out.text();
  }
}

TEST(ServerMetricsTest, a_plugin_without_a_process_has_no_memory_of_its_own) {
  Exposition out;
  describe_plugins({{"docker", {}}}, out);
  EXPECT_EQ(out.text().find("resident_memory"), std::string::npos);
  EXPECT_TRUE(says(out, "capstan_provider_up{plugin=\"docker\"} 1"));
}

}  // namespace
}  // namespace capstan
