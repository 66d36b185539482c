// The rules of one reply that need no history.
#include <algorithm>

#include "sdk/conformance/bench.h"

namespace capstan::conformance {

std::string misbehaviour(const ProviderReply& reply, const Subject& subject) {
  if (reply.status != Code::kInternal || reply.diagnostics.empty()) return "";
  const std::string& said = reply.diagnostics.front().summary;
  const std::string mark = "plugin \"" + subject.manifest().name + "\" ";
  return said.starts_with(mark + "gave status") || said.starts_with(mark + "let an exception") ||
                 said.starts_with(mark + "wrote more")
             ? said
             : "";
}

std::vector<std::string> complaints_of(const Step& step, const Bench& bench) {
  std::vector<std::string> out;
  const std::string broken = misbehaviour(step.reply, bench.subject());
  if (!broken.empty()) out.push_back(broken);
  const bool unread =
      std::any_of(step.outcome.events.begin(), step.outcome.events.end(),
                  [](const EventRecord& event) { return event.reason == "ProviderError"; });
  if (unread && step.outcome.error) out.push_back(step.outcome.error->message);
  if (!step.committed.ok() && step.committed.code() != Code::kConflict) {
    std::string text = "the reply cannot be stored: " + step.committed.error().message;
    for (const FieldError& field : step.committed.error().fields) text += "; " + field.message;
    out.push_back(std::move(text));
  }
  if (step.reply.status == Code::kOk) return out;
  const bool said = std::any_of(step.reply.diagnostics.begin(), step.reply.diagnostics.end(),
                                [](auto& d) { return !d.warning && !d.summary.empty(); });
  if (!said) {
    out.push_back("a call failed with " + std::string(code_name(step.reply.status)) +
                  " and no diagnostic says why");
  }
  return out;
}

}  // namespace capstan::conformance
