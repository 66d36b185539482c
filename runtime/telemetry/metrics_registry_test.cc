#include "runtime/telemetry/metrics_registry.h"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>

namespace capstan {
namespace {

TEST(MetricsRegistryTest, a_family_has_its_help_and_type_once_and_its_samples_below) {
  MetricsRegistry metrics;
  (*metrics.counter("requests_total", "Requests.", {{"verb", "GET"}}))->add(2);
  (*metrics.counter("requests_total", "Requests.", {{"verb", "LIST"}}))->add();
  (*metrics.gauge("depth", "Keys."))->set(-1.5);
  EXPECT_EQ(metrics.text(),
            "# HELP depth Keys.\n# TYPE depth gauge\ndepth -1.5\n"
            "# HELP requests_total Requests.\n# TYPE requests_total counter\n"
            "requests_total{verb=\"GET\"} 2\nrequests_total{verb=\"LIST\"} 1\n");
}

TEST(MetricsRegistryTest, a_histogram_counts_what_is_at_most_each_bound) {
  MetricsRegistry metrics;
  const double bounds[] = {0.5, 2};
  Histogram* latency = *metrics.histogram("latency_seconds", "Time.", {{"a", "b"}}, bounds);
  for (const double value : {0.5, 1.0, 3.0}) latency->observe(value);
  EXPECT_EQ(metrics.text(),
            "# HELP latency_seconds Time.\n# TYPE latency_seconds histogram\n"
            "latency_seconds_bucket{a=\"b\",le=\"0.5\"} 1\n"
            "latency_seconds_bucket{a=\"b\",le=\"2\"} 2\n"
            "latency_seconds_bucket{a=\"b\",le=\"+Inf\"} 3\n"
            "latency_seconds_sum{a=\"b\"} 4.5\nlatency_seconds_count{a=\"b\"} 3\n");
}

TEST(MetricsRegistryTest, help_and_label_values_are_escaped) {
  MetricsRegistry metrics;
  (*metrics.gauge("g", "a \"b\" \\ c\nd", {{"l", "x\"y\\z\n"}}))->set(INFINITY);
  EXPECT_EQ(metrics.text(),
            "# HELP g a \"b\" \\\\ c\\nd\n# TYPE g gauge\ng{l=\"x\\\"y\\\\z\\n\"} +Inf\n");
}

TEST(MetricsRegistryTest, the_same_name_and_labels_give_the_same_metric) {
  MetricsRegistry metrics;
  Counter* counter = *metrics.counter("c", "", {{"a", "1"}, {"b", "2"}});
  EXPECT_EQ(counter, *metrics.counter("c", "", {{"b", "2"}, {"a", "1"}}));
  EXPECT_NE(counter, *metrics.counter("c", "", {{"a", "1"}}));
}

TEST(MetricsRegistryTest, names_that_prometheus_does_not_take_are_refused) {
  MetricsRegistry metrics;
  for (const char* name : {"", "1a", "a-b", "a b", "ä"}) {
    EXPECT_EQ(metrics.counter(name, "").code(), Code::kInvalid) << name;
  }
  for (const char* label : {"", "1", "a-b", "le", "quantile", "__name__", "a:b"}) {
    EXPECT_EQ(metrics.counter("c", "", {{label, ""}}).code(), Code::kInvalid) << label;
  }
  EXPECT_EQ(metrics.counter("c", "", {{"a", "1"}, {"a", "2"}}).code(), Code::kInvalid);
  EXPECT_EQ(metrics.text(), "");
}

TEST(MetricsRegistryTest, a_name_has_one_type) {
  MetricsRegistry metrics;
  ASSERT_TRUE(metrics.counter("c", "").ok());
  EXPECT_EQ(metrics.gauge("c", "").error().message, "metric c is a counter, not a gauge");
}

TEST(MetricsRegistryTest, the_number_of_series_is_bounded_and_known_ones_stay_usable) {
  MetricsRegistry metrics({.max_series = 2});
  ASSERT_TRUE(metrics.counter("c", "", {{"l", "1"}}).ok());
  ASSERT_TRUE(metrics.counter("c", "", {{"l", "2"}}).ok());
  EXPECT_EQ(metrics.counter("c", "", {{"l", "3"}}).code(), Code::kResourceExhausted);
  EXPECT_TRUE(metrics.counter("c", "", {{"l", "2"}}).ok());
}

TEST(MetricsRegistryTest, a_counter_never_falls) {
  Counter counter;
  counter.add(3);
  counter.add(-1);
  counter.add(NAN);
  EXPECT_EQ(counter.value(), 3);
}

TEST(HistogramTest, what_two_observed_is_put_together_in_the_bounds_of_the_first) {
  const double coarse[] = {1, 10};
  const double fine[] = {0.5, 2, 20};
  Histogram one(coarse), other(fine);
  for (const double value : {0.3, 5.0}) one.observe(value);
  for (const double value : {0.4, 1.5, 15.0, 30.0}) other.observe(value);
  HistogramSnapshot sum;
  sum += one.snapshot();
  EXPECT_EQ(sum.counts, (std::vector<uint64_t>{1, 1, 0}));
  sum += other.snapshot();
  EXPECT_EQ(sum.counts, (std::vector<uint64_t>{2, 2, 2})) << "never below what a value was";
  EXPECT_DOUBLE_EQ(sum.sum, 52.2);
}

TEST(MetricsRegistryTest, a_collector_is_asked_at_each_look_and_may_add_to_a_known_family) {
  MetricsRegistry metrics;
  (*metrics.gauge("g", "Help.", {{"l", "own"}}))->set(1);
  int looks = 0;
  metrics.collect([&](Exposition& out) { out.gauge("g", "Other.", {{"l", "told"}}, ++looks); });
  (void)metrics.text();
  EXPECT_EQ(metrics.text(), "# HELP g Help.\n# TYPE g gauge\ng{l=\"own\"} 1\ng{l=\"told\"} 2\n");
}

TEST(MetricsRegistryTest, nothing_is_lost_among_threads) {
  MetricsRegistry metrics;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) {
        (*metrics.counter("c", ""))->add();
        (*metrics.histogram("h", ""))->observe(0.5);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ((*metrics.counter("c", ""))->value(), 4000);
  EXPECT_EQ((*metrics.histogram("h", ""))->snapshot().count(), 4000u);
  EXPECT_EQ((*metrics.histogram("h", ""))->snapshot().sum, 2000);
}

}  // namespace
}  // namespace capstan
