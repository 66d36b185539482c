#include "runtime/plugin/registry_plugin_metrics.h"

#include <gtest/gtest.h>

#include "sdk/include/capstan/ext/services.h"

namespace capstan {
namespace {

capstan_str text(std::string_view text) {
  return {text.data(), text.size()};
}

// As a plugin sees it: through the host's table.
class PluginMetricsTest : public testing::Test {
 protected:
  uint32_t define(int32_t type, std::string_view name, std::string_view labels = "") {
    return table->define(host->ctx, type, text(name), text("Help."), text(labels));
  }
  void record(uint32_t handle, double value) { table->record(host->ctx, handle, value); }

  MetricsRegistry registry;
  RegistryPluginMetrics metrics{registry};
  ManualClock clock;
  HostServices services{{.plugin = "my-cloud", .clock = clock, .metrics = &metrics}};
  const capstan_host* host = services.table(0);
  const capstan_metrics* table =
      static_cast<const capstan_metrics*>(host->get_extension(host->ctx, CAPSTAN_EXT_METRICS));
};

TEST_F(PluginMetricsTest, each_type_is_found_under_the_plugin_s_name) {
  const uint32_t counter = define(CAPSTAN_METRIC_COUNTER, "calls_total", R"({"zone":"a"})");
  const uint32_t gauge = define(CAPSTAN_METRIC_GAUGE, "servers");
  const uint32_t histogram = define(CAPSTAN_METRIC_HISTOGRAM, "boot.seconds");
  record(counter, 2);
  record(counter, 1);
  record(gauge, 7);
  record(gauge, 5);
  record(histogram, 0.3);
  const std::string text = registry.text();
  EXPECT_NE(text.find("capstan_plugin_my_cloud_calls_total{zone=\"a\"} 3\n"), std::string::npos);
  EXPECT_NE(text.find("capstan_plugin_my_cloud_servers 5\n"), std::string::npos);
  EXPECT_NE(text.find("capstan_plugin_my_cloud_boot_seconds_sum 0.3\n"), std::string::npos);
}

TEST_F(PluginMetricsTest, the_same_definition_gives_the_same_handle) {
  const uint32_t handle = define(CAPSTAN_METRIC_COUNTER, "c", R"({"a":"1"})");
  EXPECT_NE(handle, 0u);
  EXPECT_EQ(define(CAPSTAN_METRIC_COUNTER, "c", R"({"a":"1"})"), handle);
  EXPECT_NE(define(CAPSTAN_METRIC_COUNTER, "c", R"({"a":"2"})"), handle);
}

TEST_F(PluginMetricsTest, what_cannot_be_defined_has_no_handle) {
  EXPECT_EQ(define(9, "c"), 0u) << "unknown type";
  EXPECT_EQ(define(CAPSTAN_METRIC_COUNTER, "c", "[]"), 0u) << "labels are an object";
  EXPECT_EQ(define(CAPSTAN_METRIC_COUNTER, "c", R"({"le":"1"})"), 0u) << "a name of Prometheus'";
  ASSERT_NE(define(CAPSTAN_METRIC_COUNTER, "c"), 0u);
  EXPECT_EQ(define(CAPSTAN_METRIC_GAUGE, "c"), 0u) << "a counter already";
}

TEST_F(PluginMetricsTest, a_handle_that_was_never_given_out_does_nothing) {
  record(define(CAPSTAN_METRIC_GAUGE, "g"), 1);
  const std::string before = registry.text();
  for (const uint32_t handle : {0u, 2u, 0xffffffffu}) record(handle, 5);
  EXPECT_EQ(registry.text(), before);
}

}  // namespace
}  // namespace capstan
