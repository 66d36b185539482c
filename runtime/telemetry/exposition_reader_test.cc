#include "runtime/telemetry/exposition_reader.h"

#include <gtest/gtest.h>

#include <cmath>

#include "runtime/telemetry/exposition.h"

namespace capstan {
namespace {

std::string written() {
  constexpr double kBounds[] = {0.001, 0.1};
  Histogram latency(kBounds);
  for (int i = 0; i < 98; ++i) latency.observe(0.0005);
  latency.observe(0.05);
  latency.observe(5);
  Exposition out;
  out.counter("calls_total", "Calls.", {{"plugin", "a"}}, 7);
  out.counter("calls_total", "Calls.", {{"plugin", "quo\"te\\\n,}"}}, 8);
  out.counter("errors_total", "Errors.", {{"plugin", "a"}, {"code", "internal"}}, 1);
  out.counter("errors_total", "Errors.", {{"plugin", "a"}, {"code", "unavailable"}}, 2);
  out.counter("errors_total", "Errors.", {{"plugin", "b"}, {"code", "invalid"}}, 3);
  out.gauge("plain", "No labels.", {}, 2.5);
  out.histogram("latency", "Latency.", {{"plugin", "a"}}, latency.snapshot());
  out.histogram("latency", "Latency.", {{"plugin", "none"}}, Histogram(kBounds).snapshot());
  return out.text();
}

TEST(ExpositionReaderTest, samples_are_found_by_name_and_labels) {
  const ExpositionReader metrics(written());
  EXPECT_EQ(metrics.value("calls_total", {{"plugin", "a"}}), 7);
  EXPECT_EQ(metrics.value("calls_total", {{"plugin", "quo\"te\\\n,}"}}), 8);
  EXPECT_EQ(metrics.value("plain", {}), 2.5);
  EXPECT_FALSE(metrics.value("calls_total", {{"plugin", "b"}}));
  EXPECT_FALSE(metrics.value("absent", {}));
}

TEST(ExpositionReaderTest, a_label_s_values_are_listed) {
  const ExpositionReader metrics(written());
  EXPECT_EQ(metrics.by_label("errors_total", {{"plugin", "a"}}, "code"),
            (std::map<std::string, double>{{"internal", 1}, {"unavailable", 2}}));
}

TEST(ExpositionReaderTest, a_quantile_is_the_bound_of_its_bucket) {
  const ExpositionReader metrics(written());
  EXPECT_EQ(metrics.quantile("latency", {{"plugin", "a"}}, 0.5), 0.001);
  EXPECT_EQ(metrics.quantile("latency", {{"plugin", "a"}}, 0.99), 0.1);
  EXPECT_TRUE(std::isinf(*metrics.quantile("latency", {{"plugin", "a"}}, 1)));
  EXPECT_FALSE(metrics.quantile("latency", {{"plugin", "none"}}, 0.5));
}

TEST(ExpositionReaderTest, what_is_no_sample_is_passed_over) {
  for (const char* text : {"", "\n\n", "name", "name{", "name{a=\"", "name{a=\"b\"} x", "# HELP x",
                           "name{a=\"b\" 3"}) {
    EXPECT_FALSE(ExpositionReader(text).value("name", {})) << text;
  }
}

}  // namespace
}  // namespace capstan
