// What comes with every work call: how long it may take, whether it was given up, how often it has
// failed, and the key that makes its effects idempotent.
//
// Thread safety: all members from any thread. Lifetime: of the call.
#pragma once

#include <capstan/abi.h>
#include <capstan/json.h>
#include <capstan/status.h>

#include <string_view>

namespace capstan::sdk {

// Hands an error or a warning to the host. `sink` may be null.
inline void report(const capstan_diagnostics* sink, const Error& error,
                   int32_t severity = CAPSTAN_SEVERITY_ERROR) {
  if (!CAPSTAN_HAS(sink, add)) return;
  capstan_diagnostic diagnostic{};
  diagnostic.struct_size = sizeof(diagnostic);
  diagnostic.severity = severity;
  diagnostic.summary = to_abi(error.summary);
  diagnostic.detail = to_abi(error.detail);
  diagnostic.field = to_abi(error.field);
  diagnostic.retry_after_ms = error.retry_after ? error.retry_after->count() : -1;
  diagnostic.terminal = error.terminal ? 1 : 0;
  sink->add(sink->ctx, &diagnostic);
}

class Call {
 public:
  explicit Call(const capstan_call* call) : call_(call) {}

  // True where the host has given up: return Error::cancelled(...) soon.
  bool cancelled() const {
    return CAPSTAN_HAS(call_, is_cancelled) && call_->is_cancelled(call_->ctx) != 0;
  }
  // On the host's monotonic clock (Clock::monotonic_nanos); 0 is none.
  int64_t deadline_ns() const { return call_ == nullptr ? 0 : call_->deadline_ns; }
  // Failures in a row for this object.
  uint32_t attempt() const { return call_ == nullptr ? 0 : call_->attempt; }
  // The object's uid: external things are named or tagged by it.
  std::string_view idempotency_key() const {
    return call_ == nullptr ? std::string_view() : to_view(call_->idempotency_key);
  }
  std::string_view trace_id() const {
    return call_ == nullptr ? std::string_view() : to_view(call_->trace_id);
  }
  // Shown to whoever made the change, without failing the call.
  void warn(std::string summary, std::string field = "") const {
    Error warning = Error::make(Code::kOk, std::move(summary));
    warning.field = std::move(field);
    report(diagnostics(), warning, CAPSTAN_SEVERITY_WARNING);
  }
  const capstan_diagnostics* diagnostics() const {
    return call_ == nullptr ? nullptr : call_->diagnostics;
  }

 private:
  const capstan_call* call_;
};

}  // namespace capstan::sdk
