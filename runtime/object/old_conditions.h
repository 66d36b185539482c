// Conditions as Cluster API's v1beta1 had them: with a severity, and reason and message only where
// they are not true. They stand in status.deprecated.v1beta1.conditions of an object that is stored
// as v1beta2, and conversion makes them status.conditions of v1beta1. Health checks of GitOps tools
// and older clients read them.
//
// Thread safety: pure functions.
//
// Example:
//   mirror_old_condition(view, {"BootstrapConfigReady", "BootstrapReady", "Info"}, now);
//   summarize_old_conditions(view, {{"BootstrapReady", "InfrastructureReady"}}, now);
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/json.h"

namespace capstan {

struct OldCondition {
  std::string type;
  std::string status;         // True, False or Unknown
  std::string severity = "";  // Error, Warning or Info; only of False
  std::string reason = "";    // "" where true
  std::string message = "";
  bool operator==(const OldCondition&) const = default;
};

std::optional<OldCondition> get_old_condition(const Json& object, std::string_view type);
// Its lastTransitionTime; "" where there is none.
std::string old_transition_time(const Json& object, std::string_view type);

// Adds or replaces by type; Ready stands first, the others by name. Unlike v1beta2's,
// lastTransitionTime moves with the reason and the message, too.
void set_old_condition(Json& object, const OldCondition& condition, Instant now);
void remove_old_condition(Json& object, std::string_view type);

// How a condition of today becomes one of v1beta1.
struct OldMirror {
  std::string_view source;         // type of today's
  std::string_view target;         // type of v1beta1's
  std::string_view severity;       // where it is false
  std::string_view fallback = "";  // reason where the source only says that it is not so yet
};

// Sets the target from the source in the same object; removes it where there is no source.
void mirror_old_condition(Json& object, const OldMirror& mirror, Instant now);

struct OldSummary {
  std::vector<std::string_view> types;  // what counts; of equals the first gives the reason
  // The message becomes "1 of 2 completed" over these, as long as there are no others. Empty:
  // never.
  std::vector<std::string_view> steps = {};
};

// Sets Ready to the worst of the types that the object has: errors, then warnings, then infos, then
// what is true, then what is unknown. Nothing where it has none.
void summarize_old_conditions(Json& object, const OldSummary& summary, Instant now);

// One object's Ready, for the condition of its owner.
struct OldSource {
  std::string name;  // "Machine/a-1"
  OldCondition ready;
};
// Sets `target` to the worst of many objects' Ready: reason "Reason @ Machine/a-1", message "1 of 3
// completed" of `total`. True where `total` is 0.
void aggregate_old_conditions(Json& object, std::string_view target,
                              const std::vector<OldSource>& sources, size_t total, Instant now);

}  // namespace capstan
