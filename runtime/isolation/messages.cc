#include "runtime/isolation/messages.h"

#include <algorithm>

namespace capstan::isolation {
namespace {

constexpr uint32_t kMaxDiagnostics = 200;
constexpr uint64_t kNoRetry = ~uint64_t{0};
constexpr uint64_t kMaxRetryMs = uint64_t{7} * 24 * 3600 * 1000;
constexpr uint8_t kWarning = 1;
constexpr uint8_t kTerminal = 2;

Error cut_off(const char* what) {
  return Error::invalid(std::string("a message of the plugin's process is broken: ") + what);
}

}  // namespace

std::string encode_work(const WorkCall& call) {
  FieldWriter out(call.text.size() + call.second.size() + 128);
  return out.text(call.key)
      .text(call.trace_id)
      .text(call.text)
      .text(call.second)
      .number(call.current)
      .take();
}

Result<WorkCall> decode_work(std::string_view body) {
  FieldReader in(body);
  WorkCall call;
  call.key = in.text();
  call.trace_id = in.text();
  call.text = in.text();
  call.second = in.text();
  call.current = in.number<uint64_t>();
  if (!in.complete()) return cut_off("a call's members");
  return call;
}

void write_diagnostics(FieldWriter& out, const std::vector<ProviderDiagnostic>& diagnostics) {
  out.number(static_cast<uint32_t>(diagnostics.size()));
  for (const ProviderDiagnostic& diagnostic : diagnostics) {
    const int flags = (diagnostic.warning ? kWarning : 0) | (diagnostic.terminal ? kTerminal : 0);
    out.number(static_cast<uint8_t>(flags));
    out.number(diagnostic.retry_after ? static_cast<uint64_t>(diagnostic.retry_after->count())
                                      : kNoRetry);
    out.text(diagnostic.summary).text(diagnostic.detail).text(diagnostic.field);
  }
}

bool read_diagnostics(FieldReader& in, std::vector<ProviderDiagnostic>& out) {
  const uint32_t count = in.number<uint32_t>();
  if (count > kMaxDiagnostics) return false;
  for (uint32_t i = 0; i < count; ++i) {
    ProviderDiagnostic diagnostic;
    const uint8_t flags = in.number<uint8_t>();
    diagnostic.warning = (flags & kWarning) != 0;
    diagnostic.terminal = (flags & kTerminal) != 0;
    const uint64_t retry = in.number<uint64_t>();
    if (retry != kNoRetry) {
      diagnostic.retry_after = std::chrono::milliseconds(std::min(retry, kMaxRetryMs));
    }
    diagnostic.summary = in.text();
    diagnostic.detail = in.text();
    diagnostic.field = in.text();
    out.push_back(std::move(diagnostic));
  }
  return true;
}

std::string encode_reply(const ProviderReply& reply) {
  FieldWriter out(reply.text.size() + 64);
  out.text(reply.text);
  write_diagnostics(out, reply.diagnostics);
  return out.take();
}

Result<ProviderReply> decode_reply(std::string_view body) {
  FieldReader in(body);
  ProviderReply reply;
  reply.text = in.text();
  if (!read_diagnostics(in, reply.diagnostics)) return cut_off("too many diagnostics");
  if (!in.complete()) return cut_off("a reply's members");
  return reply;
}

}  // namespace capstan::isolation
