// What the bodies of the messages mean: the calls of the Provider port and their replies.
//
// Thread safety: pure functions. Whatever the bytes are, decoding gives a value or an error.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/isolation/fields.h"
#include "runtime/plugin/provider_port.h"

namespace capstan::isolation {

// A call of reconcile (`second` is "") or admit (`second` is the old object).
struct WorkCall {
  std::string_view key;
  std::string_view trace_id;
  std::string_view text;
  std::string_view second;
  uint64_t current = 0;  // what it is to the host (current_call.h)
};

std::string encode_work(const WorkCall& call);
Result<WorkCall> decode_work(std::string_view body);  // lifetime: of the body

// The text and the diagnostics of a reply; its status is in the header.
std::string encode_reply(const ProviderReply& reply);
Result<ProviderReply> decode_reply(std::string_view body);

void write_diagnostics(FieldWriter& out, const std::vector<ProviderDiagnostic>& diagnostics);
// False where they are cut off, or more than any call may have.
bool read_diagnostics(FieldReader& in, std::vector<ProviderDiagnostic>& out);

}  // namespace capstan::isolation
