#include "runtime/telemetry/trace.h"

#include <gtest/gtest.h>

#include <thread>

namespace capstan {
namespace {

constexpr const char* kTrace = "0af7651916cd43dd8448eb211c80319c";
constexpr const char* kSpan = "b7ad6b7169203331";

std::string header(const std::string& version, const std::string& rest = "") {
  return version + "-" + kTrace + "-" + kSpan + "-01" + rest;
}

struct Collected final : SpanSink {
  void record(const Span& span) override { spans.push_back(span); }
  std::vector<Span> spans;
};

TEST(TraceparentTest, the_header_gives_both_ids) {
  const auto context = parse_traceparent(header("00"));
  ASSERT_TRUE(context);
  EXPECT_EQ(context->trace_id, kTrace);
  EXPECT_EQ(context->span_id, kSpan);
}

TEST(TraceparentTest, a_later_version_may_say_more) {
  EXPECT_TRUE(parse_traceparent(header("01", "-more")));
  EXPECT_FALSE(parse_traceparent(header("01", "more")));
  EXPECT_FALSE(parse_traceparent(header("00", "-more")));
  EXPECT_FALSE(parse_traceparent(header("ff")));
}

TEST(TraceparentTest, what_is_no_trace_is_none) {
  std::string zero = header("00");
  zero.replace(3, 32, 32, '0');
  std::string upper = header("00");
  upper[3] = 'A';
  for (const std::string& text :
       {std::string(), std::string("00"), zero, upper, header("00").substr(1)}) {
    EXPECT_FALSE(parse_traceparent(text)) << text;
  }
}

TEST(TraceScopeTest, the_trace_is_that_of_the_innermost_scope_of_this_thread) {
  EXPECT_EQ(current_trace(), nullptr);
  {
    const TraceScope outer(parse_traceparent(header("00")));
    EXPECT_EQ(current_trace_id(), kTrace);
    {
      const TraceScope none(std::nullopt);
      EXPECT_EQ(current_trace_id(), "");
    }
    EXPECT_EQ(current_trace_id(), kTrace);
    std::thread([] { EXPECT_EQ(current_trace_id(), ""); }).join();
  }
  EXPECT_EQ(current_trace(), nullptr);
}

class ActiveSpanTest : public testing::Test {
 protected:
  ManualClock clock_;
  SeededRandom random_{3};
  Collected sink_;
  Tracer tracer_{clock_, random_, &sink_};
};

TEST_F(ActiveSpanTest, a_span_goes_below_the_current_trace) {
  {
    const TraceScope client(parse_traceparent(header("00")));
    const ActiveSpan span(&tracer_, "admit");
    EXPECT_EQ(span.trace_id(), kTrace);
  }
  ASSERT_EQ(sink_.spans.size(), 1u);
  EXPECT_EQ(sink_.spans[0].context.trace_id, kTrace);
  EXPECT_EQ(sink_.spans[0].parent_id, kSpan);
  EXPECT_NE(sink_.spans[0].context.span_id, kSpan);
}

TEST_F(ActiveSpanTest, without_one_it_is_the_first_of_a_new_trace) {
  std::string first;
  {
    const ActiveSpan span(&tracer_, "reconcile");
    first = span.trace_id();
    EXPECT_TRUE(parse_traceparent("00-" + first + "-" + kSpan + "-00"));
  }
  { const ActiveSpan span(&tracer_, "reconcile"); }
  ASSERT_EQ(sink_.spans.size(), 2u);
  EXPECT_EQ(sink_.spans[0].parent_id, "");
  EXPECT_NE(sink_.spans[1].context.trace_id, first);
}

TEST_F(ActiveSpanTest, ids_are_made_for_the_logs_where_nobody_collects_spans) {
  const Tracer quiet{clock_, random_};
  const ActiveSpan span(&quiet, "reconcile");
  EXPECT_EQ(span.trace_id().size(), 32u);
  EXPECT_FALSE(span.recorded());
}

TEST_F(ActiveSpanTest, without_a_tracer_the_trace_stays_as_it_is) {
  const TraceScope client(parse_traceparent(header("00")));
  const ActiveSpan span(nullptr, "nothing");
  EXPECT_EQ(span.trace_id(), kTrace);
}

}  // namespace
}  // namespace capstan
