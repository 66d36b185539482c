#include "runtime/lifecycle/machine_health_check/trigger.h"

#include <charconv>

#include "runtime/base/text.h"
#include "runtime/lifecycle/common/int_or_percent.h"

namespace capstan::lifecycle {
namespace {

struct Range {
  int64_t low = 0;
  int64_t high = 0;
};

bool read_number(std::string_view text, int64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= 0;
}

// "[2-5]"
Result<Range> read_range(const std::string& text) {
  Range range;
  const size_t dash = text.find('-');
  const bool readable =
      text.size() > 4 && text.front() == '[' && text.back() == ']' && dash != std::string::npos &&
      read_number(std::string_view(text).substr(1, dash - 1), range.low) &&
      read_number(std::string_view(text).substr(dash + 1, text.size() - dash - 2), range.high);
  if (readable && range.low <= range.high) return range;
  return Error::invalid("spec.remediation.triggerIf.unhealthyInRange: \"" + text +
                        "\" is no range of two numbers such as \"[2-5]\"");
}

std::string refusal(const std::string& how, int64_t total, int64_t unhealthy,
                    const std::string& limit) {
  return "Remediation is not allowed, the number of not started or unhealthy machines " + how +
         " (total: " + std::to_string(total) + ", unhealthy: " + std::to_string(unhealthy) + ", " +
         limit + ")";
}

}  // namespace

Result<Trigger> remediation_trigger(const Json& spec, int64_t total, int64_t unhealthy) {
  Trigger trigger;
  const std::string text = get_string(spec, {"remediation", "triggerIf", "unhealthyInRange"});
  if (!text.empty()) {
    const Range range = TRY(read_range(text));
    trigger.allowed = unhealthy >= range.low && unhealthy <= range.high;
    trigger.left = range.high - unhealthy;
    if (!trigger.allowed) {
      trigger.message =
          refusal("does not fall within the range", total, unhealthy, "unhealthyRange: " + text);
    }
    return trigger;
  }
  const Json* limit = find(spec, {"remediation", "triggerIf", "unhealthyLessThanOrEqualTo"});
  const int64_t most = resolve_count(limit, total, false, total);
  trigger.allowed = unhealthy <= most;
  trigger.left = most - unhealthy;
  if (!trigger.allowed) {
    const std::string shown = limit == nullptr     ? "100%"
                              : limit->is_string() ? limit->get<std::string>()
                                                   : dump_json(*limit);
    trigger.message = refusal("exceeds maxUnhealthy", total, unhealthy, "maxUnhealthy: " + shown);
  }
  return trigger;
}

}  // namespace capstan::lifecycle
