// Conditions computed from other conditions, in Cluster API's v1beta2 manner: a summary of an
// object's own conditions, an aggregate of one condition over several objects, a mirror of another
// object's condition.
//
// A source condition is an issue, unknown or information, by its status and polarity. One issue
// makes the target False (True, where the target is of negative polarity); else one unknown makes
// it Unknown; else it is True. A condition that is missing counts as unknown.
//
// Thread safety: pure functions.
//
// Example:
//   const Condition ready = summarize_conditions(machine, "Ready",
//       {.types = {"InfrastructureReady", "NodeHealthy", "Deleting"},
//        .negative = {"Deleting"},
//        .reasons = {"NotReady", "ReadyUnknown", "Ready"}});
//   set_condition(machine, ready, now);
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/object/conditions.h"

namespace capstan {

enum class ConditionPriority { kIssue, kUnknown, kInfo };
// The ordinary priority: False is an issue (True, for negative polarity), True is information.
ConditionPriority condition_priority(const Condition& condition, bool negative);

// The target's reason, by the worst priority that was found. Defaults are Cluster API's.
struct ConditionReasons {
  std::string issue = "IssuesReported";
  std::string unknown = "UnknownReported";
  std::string info = "InfoReported";
};

struct SummaryOptions {
  std::vector<std::string> types = {};     // the conditions that count, in order of relevance
  std::vector<std::string> negative = {};  // those of negative polarity: True is the issue
  std::vector<std::string> ignore_if_missing = {};
  // Stand in for the object's own condition of that type, for this summary only.
  std::vector<Condition> overrides = {};
  ConditionReasons reasons = {};
  // Replaces condition_priority.
  std::function<ConditionPriority(const Condition&)> priority = {};
  // Changes the lines of the message before they are joined.
  std::function<std::vector<std::string>(std::vector<std::string>)> transform = {};
};
// The message has a line "* Type: message" for each issue and unknown, or for each information
// with a message where there is neither. Precondition: `types` is not empty.
Condition summarize_conditions(const Json& object, std::string_view target,
                               const SummaryOptions& options);

struct AggregateOptions {
  bool negative = false;  // polarity of the source condition, and of the target's
  ConditionReasons reasons = {};
  std::function<ConditionPriority(const Condition&)> priority = {};  // replaces condition_priority
  std::optional<bool> target_negative = {};                          // where it is not the source's
};
// The message groups objects by what they say: "* Machines a, b, c, ... (2 more): message", at most
// three such lines, those of control plane Machines first, then "And 2 Machines with other issues".
// Precondition: `objects` is not empty.
Condition aggregate_conditions(const std::vector<const Json*>& objects, std::string_view source,
                               std::string_view target, const AggregateOptions& options);

// The condition of another object under a new name: status, reason, message and transition time.
// Where the object (null) or its condition is missing: `fallback`, or Unknown with reason
// NotYetReported where that has no status.
Condition mirror_condition(const Json* object, std::string_view source, std::string_view target,
                           const Condition& fallback = {});

}  // namespace capstan
