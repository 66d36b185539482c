#include "runtime/telemetry/trace.h"

#include <algorithm>

namespace capstan {
namespace {

thread_local const TraceContext* t_current = nullptr;

bool is_id(std::string_view text, size_t length) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == length && std::all_of(text.begin(), text.end(), is_hex) &&
         text.find_first_not_of('0') != std::string_view::npos;
}

void append_hex(std::string& out, uint64_t number) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) out += kDigits[(number >> shift) & 0xf];
}

std::string new_span_id(Random& random) {
  std::string id;
  append_hex(id, random.next() | 1);  // never all 0
  return id;
}

}  // namespace

TraceContext TraceContext::start(Random& random) {
  TraceContext context;
  append_hex(context.trace_id, random.next());
  append_hex(context.trace_id, random.next() | 1);
  context.span_id = new_span_id(random);
  return context;
}

std::optional<TraceContext> parse_traceparent(std::string_view header) {
  // version "-" trace "-" span "-" flags; a later version may have more after a further "-".
  constexpr size_t kLength = 55;
  if (header.size() < kLength || header[2] != '-' || header[35] != '-' || header[52] != '-') {
    return {};
  }
  const std::string_view version = header.substr(0, 2);
  if (version == "ff" || (version == "00" && header.size() != kLength)) return {};
  if (header.size() > kLength && header[kLength] != '-') return {};
  const std::string_view trace = header.substr(3, 32), span = header.substr(36, 16);
  if (!is_id(trace, 32) || !is_id(span, 16)) return {};
  return TraceContext{std::string(trace), std::string(span)};
}

const TraceContext* current_trace() {
  return t_current;
}

std::string_view current_trace_id() {
  return t_current == nullptr ? std::string_view() : std::string_view(t_current->trace_id);
}

TraceScope::TraceScope(std::optional<TraceContext> context)
    : context_(context ? *std::move(context) : TraceContext()), before_(t_current) {
  t_current = context_.trace_id.empty() ? nullptr : &context_;
}

TraceScope::~TraceScope() {
  t_current = before_;
}

ActiveSpan::ActiveSpan(const Tracer* tracer, std::string_view name) : tracer_(tracer) {
  if (tracer_ == nullptr) return;
  if (t_current == nullptr) {
    span_.context = TraceContext::start(tracer_->random);
  } else {
    span_.context = {t_current->trace_id, new_span_id(tracer_->random)};
    span_.parent_id = t_current->span_id;
  }
  scope_.emplace(span_.context);
  if (!recorded()) return;
  span_.name = name;
  span_.begin = tracer_->clock.now();
}

ActiveSpan::~ActiveSpan() {
  if (!recorded()) return;
  span_.end = tracer_->clock.now();
  tracer_->sink->record(span_);
}

void ActiveSpan::attribute(std::string_view name, std::string_view value) {
  if (recorded()) span_.attributes.emplace_back(name, value);
}

void ActiveSpan::failed(Code status, std::string_view message) {
  span_.status = status;
  span_.message = message;
}

}  // namespace capstan
