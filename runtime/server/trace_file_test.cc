#include "runtime/server/trace_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "runtime/base/json.h"

namespace capstan {
namespace {

class TraceFileTest : public testing::Test {
 protected:
  std::vector<Json> lines() const {
    std::ifstream file(path_);
    std::vector<Json> out;
    for (std::string line; std::getline(file, line);) out.push_back(Json::parse(line));
    return out;
  }
  static const Json& span_of(const Json& line) {
    return line["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
  }

  const std::string path_ = testing::TempDir() + "/traces.jsonl";
  ManualClock clock_;
  SeededRandom random_{1};
};

TEST_F(TraceFileTest, each_span_is_a_line_that_opentelemetry_reads) {
  std::remove(path_.c_str());
  const auto file = TraceFile::open(path_, "1.2.3");
  ASSERT_TRUE(file.ok());
  const Tracer tracer{clock_, random_, file->get()};
  {
    ActiveSpan outer(&tracer, "reconcile");
    clock_.advance(std::chrono::milliseconds(5));
    ActiveSpan inner(&tracer, "plugin acme");
    inner.attribute("capstan.plugin", "acme");
    inner.failed(Code::kUnavailable, "it is away");
    clock_.advance(std::chrono::milliseconds(2));
  }
  const std::vector<Json> written = lines();
  ASSERT_EQ(written.size(), 2u);
  const Json &inner = span_of(written[0]), &outer = span_of(written[1]);
  EXPECT_EQ(inner["traceId"], outer["traceId"]);
  EXPECT_EQ(inner["parentSpanId"], outer["spanId"]);
  EXPECT_FALSE(outer.contains("parentSpanId"));
  EXPECT_EQ(inner["attributes"][0]["value"]["stringValue"], "acme");
  EXPECT_EQ(inner["status"], (Json{{"code", 2}, {"message", "it is away"}}));
  const auto time = [](const Json& text) { return std::stoll(text.get<std::string>()); };
  EXPECT_EQ(time(inner["endTimeUnixNano"]) - time(inner["startTimeUnixNano"]), 2'000'000);
  EXPECT_EQ(time(outer["endTimeUnixNano"]) - time(outer["startTimeUnixNano"]), 7'000'000);
  EXPECT_EQ(written[0]["resourceSpans"][0]["resource"]["attributes"][0]["value"]["stringValue"],
            "capstan");
}

TEST_F(TraceFileTest, a_file_that_cannot_be_opened_is_named) {
  const auto file = TraceFile::open("/nowhere/at/all", "1");
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().message.find("telemetry.traces: /nowhere/at/all: "), 0u);
}

}  // namespace
}  // namespace capstan
