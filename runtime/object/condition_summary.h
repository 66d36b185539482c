// Conditions computed from other conditions, in Cluster API's v1beta2 manner: a summary of an
// object's own conditions, an aggregate over several objects, a mirror of another object's.
//
// Thread safety: pure functions.
//
// Example:
//   const Condition ready = summarize_conditions(machine, "Ready",
//       {.types = {"InfrastructureReady", "NodeHealthy", "Deleting"}, .negative = {"Deleting"}});
//   set_condition(machine, ready, now);
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/object/conditions.h"

namespace capstan {

// What a condition means for the one that is computed from it.
enum class ConditionPriority { kIssue, kUnknown, kInfo };

// Reasons of the computed condition where several conditions count; one that counts alone gives its
// own reason. Defaults are Cluster API's for a target of positive polarity.
struct ConditionReasons {
  std::string issue = "NotReady";
  std::string unknown = "ReadyUnknown";
  std::string info = "Ready";
};

struct SummaryOptions {
  std::vector<std::string> types;     // the conditions that count
  std::vector<std::string> negative;  // those of negative polarity: True is the issue
  std::vector<std::string> ignore_if_missing;
  bool target_negative = false;  // whether the computed condition itself is of negative polarity
  ConditionReasons reasons;
  // Overrides the priority of one condition; returns nullopt for the ordinary one.
  std::function<std::optional<ConditionPriority>(const Condition&)> priority;
};
// `* Type: message` lines, issues first. A missing condition counts as unknown.
Condition summarize_conditions(const Json& object, std::string_view target,
                               const SummaryOptions& options);

struct AggregateOptions {
  bool negative = false;         // polarity of the source condition
  bool target_negative = false;  // of the computed one
  ConditionReasons reasons;
};
// `* Machines a, b, c: message` lines, grouped by message: at most three names, then "... (2
// more)"; objects without the condition count as unknown. `objects` may be empty: then the
// aggregate is unknown with reason NoReplicas-like `reasons.info`; callers usually decide before.
Condition aggregate_conditions(const std::vector<const Json*>& objects, std::string_view source,
                               std::string_view target, const AggregateOptions& options);

struct MirrorOptions {
  // Where the object or its condition is missing: this condition's status, reason and message.
  Condition fallback;
};
// The same condition of another object under a new name: status, reason and message. `object` may
// be null.
Condition mirror_condition(const Json* object, std::string_view source, std::string_view target,
                           const MirrorOptions& options);

}  // namespace capstan
