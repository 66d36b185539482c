// Traces: which piece of work a log line, a plugin's call or a span belongs to. The ids are those
// of the W3C's Trace Context, so that a client's own trace goes on here.
//
// A thread has at most one current trace; a TraceScope sets it for as long as it lives, and whoever
// logs asks for it. An ActiveSpan is a scope that is also measured and told to a SpanSink.
//
// Thread safety: values; a scope and a span belong to the thread that made them. SpanSink and
// Tracer: from any thread. Lifetime: a tracer and its sink outlive their spans.
//
// Example:
//   const TraceScope trace(parse_traceparent(request.header("traceparent")));
//   ActiveSpan span(tracer, "plugin docker reconcile");
//   span.attribute("capstan.plugin", "docker");
//   call.trace_id = span.trace_id();
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/random.h"
#include "runtime/base/result.h"

namespace capstan {

struct TraceContext {
  std::string trace_id;  // 32 lower-case hexadecimal digits, not all 0; "": none
  std::string span_id;   // 16 of them; "" where only the trace is known

  static TraceContext start(Random& random);
};

// The header "00-TRACE-SPAN-FLAGS" (also of later versions). Nothing where it is none.
std::optional<TraceContext> parse_traceparent(std::string_view header);

// The trace of this thread; null where it has none.
const TraceContext* current_trace();
// Its id or "".
std::string_view current_trace_id();

class TraceScope {
 public:
  // Nothing (or no id) leaves the thread without a trace.
  explicit TraceScope(std::optional<TraceContext> context);
  ~TraceScope();
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;

 private:
  const TraceContext context_;
  const TraceContext* const before_;
};

struct Span {
  TraceContext context;
  std::string parent_id;  // "" for the first of a trace
  std::string name;
  Instant begin{};
  Instant end{};
  std::vector<std::pair<std::string, std::string>> attributes;
  Code status = Code::kOk;
  std::string message;  // of a failure
};

class SpanSink {
 public:
  virtual ~SpanSink() = default;
  virtual void record(const Span& span) = 0;
};

// Where spans begin: clock and random for their times and ids, and who is told of them (or nobody;
// ids are made all the same, for logs).
struct Tracer {
  Clock& clock;
  Random& random;
  SpanSink* sink = nullptr;
};

class ActiveSpan {
 public:
  // Below the thread's current trace, or the first of a new one. A null tracer makes no span and
  // leaves the current trace as it is.
  ActiveSpan(const Tracer* tracer, std::string_view name);
  ~ActiveSpan();
  ActiveSpan(const ActiveSpan&) = delete;
  ActiveSpan& operator=(const ActiveSpan&) = delete;

  // "" without a trace.
  std::string_view trace_id() const { return current_trace_id(); }
  // Whether somebody is told; attributes need not be made otherwise.
  bool recorded() const { return tracer_ != nullptr && tracer_->sink != nullptr; }
  void attribute(std::string_view name, std::string_view value);
  void failed(Code status, std::string_view message);

 private:
  const Tracer* const tracer_;
  Span span_;
  std::optional<TraceScope> scope_;
};

}  // namespace capstan
