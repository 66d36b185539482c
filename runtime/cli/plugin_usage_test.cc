#include "runtime/cli/plugin_usage.h"

#include <gtest/gtest.h>

#include <cmath>

namespace capstan::cli {
namespace {

constexpr const char* kMetrics = R"(
capstan_provider_calls_total{plugin="acme"} 12
capstan_provider_errors_total{plugin="acme",code="unavailable"} 2
capstan_provider_call_duration_seconds_bucket{plugin="acme",le="0.01"} 6
capstan_provider_call_duration_seconds_bucket{plugin="acme",le="+Inf"} 12
capstan_provider_resident_memory_bytes{plugin="acme"} 1572864
capstan_provider_cpu_seconds_total{plugin="acme"} 0.25
capstan_provider_calls_total{plugin="inside"} 0
)";

TEST(PluginUsageTest, it_is_read_from_the_metrics_of_that_plugin) {
  const auto usage = PluginUsage::of(ExpositionReader(kMetrics), "acme");
  ASSERT_TRUE(usage);
  EXPECT_EQ(usage->calls, 12u);
  EXPECT_EQ(usage->p50, 0.01);
  const Json json = usage->to_json();
  EXPECT_EQ(json["errors"], (Json{{"unavailable", 2}}));
  EXPECT_EQ(json["residentBytes"], 1572864);
  EXPECT_EQ(json["p50SecondsAtMost"], 0.01);
  EXPECT_FALSE(json.contains("p99SecondsAtMost")) << "beyond the last bound nothing is known";
}

TEST(PluginUsageTest, a_plugin_in_the_server_s_process_has_no_memory_of_its_own) {
  const auto usage = PluginUsage::of(ExpositionReader(kMetrics), "inside");
  ASSERT_TRUE(usage);
  EXPECT_FALSE(usage->to_json().contains("residentBytes"));
  EXPECT_FALSE(PluginUsage::of(ExpositionReader(kMetrics), "absent"));
}

TEST(PluginUsageTest, figures_are_written_for_people) {
  EXPECT_EQ(bytes_text(512 << 10), "512Ki");
  EXPECT_EQ(bytes_text(1572864), "1.5Mi");
  EXPECT_EQ(bytes_text(uint64_t{3} << 30), "3.0Gi");
  EXPECT_EQ(bound_text(0.00001), "<=10us");
  EXPECT_EQ(bound_text(0.1), "<=100ms");
  EXPECT_EQ(bound_text(5), "<=5s");
  EXPECT_EQ(bound_text(INFINITY), ">60s");
}

}  // namespace
}  // namespace capstan::cli
