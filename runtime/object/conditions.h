// Conditions (metav1.Condition) in an object's status.conditions.
//
// Thread safety: pure functions.
//
// Example:
//   set_condition(machine, {.type = "Ready", .status = kTrue, .reason = "Ready"}, now);
//   if (is_condition_true(cluster, "InfrastructureReady")) ...
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/json.h"

namespace capstan {

inline constexpr std::string_view kTrue = "True";
inline constexpr std::string_view kFalse = "False";
inline constexpr std::string_view kUnknown = "Unknown";

struct Condition {
  std::string type;
  std::string status = "";  // kTrue, kFalse or kUnknown
  std::string reason = "";  // CamelCase, never empty in a v1beta2 object
  std::string message = "";
  std::string last_transition_time = "";  // RFC 3339; set_condition fills it where empty
  int64_t observed_generation = 0;
  bool operator==(const Condition&) const = default;

  static Condition from_json(const Json& json);
  Json to_json() const;
};

// Lifetime: of `object`. Null where there is none.
const Json* find_condition(const Json& object, std::string_view type);
std::optional<Condition> get_condition(const Json& object, std::string_view type);
bool is_condition_true(const Json& object, std::string_view type);
bool is_condition_false(const Json& object, std::string_view type);
// Absent counts as unknown.
bool is_condition_unknown(const Json& object, std::string_view type);
// "" where there is none.
std::string condition_reason(const Json& object, std::string_view type);

// Adds or replaces by type and keeps the list in Cluster API's order (Available, Ready, ... ,
// Paused, Deleting). lastTransitionTime moves only with the status; observedGeneration is the
// object's generation unless given. Gives whether anything changed.
bool set_condition(Json& object, Condition condition, Instant now);
bool remove_condition(Json& object, std::string_view type);

// Whether `a` stands before `b` in Cluster API's order.
bool condition_less(std::string_view a, std::string_view b);

}  // namespace capstan
