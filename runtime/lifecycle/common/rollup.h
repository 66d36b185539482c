// Conditions over many objects, and sentences about them.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/object/condition_summary.h"
#include "runtime/object/conditions.h"
#include "runtime/object/object.h"

namespace capstan::lifecycle {

using Objects = std::vector<ObjectPtr>;

struct RollupOptions {
  AggregateOptions aggregate;
  bool skip_missing = false;  // objects without the condition do not count
  Condition empty;            // where nothing counts
};

Condition roll_up(const Objects& objects, std::string_view source, std::string_view target,
                  const RollupOptions& options);

// "a, b, c, d, e, ... (2 more)"
std::string list_names(const Objects& objects, size_t limit = 5);

// Reasons of a rolled-up condition: {"X issue", "X unknown", "X info"}.
inline ConditionReasons positive_reasons(const std::string& name) {
  return {"Not" + name, name + "Unknown", name};
}
inline ConditionReasons negative_reasons(const std::string& name) {
  return {name, name + "Unknown", "Not" + name};
}

inline Condition condition(std::string_view type, std::string_view status, std::string reason,
                           std::string message = "") {
  return {std::string(type), std::string(status), std::move(reason), std::move(message)};
}

}  // namespace capstan::lifecycle
