// One step of a conversion: a value that moves, changes its form, or both.
//
// The steps of one list work at the same time: first all values are taken from where they are, the
// deepest first, then all are put where they belong. So the order of the list does not matter, and
// two fields can change places.
//
// Thread safety: immutable once made.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/object/conversion.h"

namespace capstan {

enum class Direction { kToHub, kFromHub };

// What steps need to know beyond the value they change. Lifetime: borrowed for the call.
struct StepContext {
  Direction direction;
  std::string_view ns;       // of the object: references without a namespace get it
  std::string_view version;  // of the spoke: references whose version nobody knows get it
  const VersionOf& version_of;
};

using FieldPath = std::vector<std::string>;

enum class StepKind { kMove, kSeconds, kReference, kNamed, kIn };

struct ConversionStep {
  StepKind kind = StepKind::kMove;
  FieldPath spoke;
  std::vector<FieldPath> hub;  // the first is read, all are written
  Json options;                // of the kind of step
  size_t each = 0;             // kIn: how many lists or maps to go into
  std::vector<ConversionStep> steps;

  // Where the value is read, for a direction.
  const FieldPath& source(Direction direction) const {
    return direction == Direction::kToHub ? spoke : hub.front();
  }
  bool in_place() const { return kind == StepKind::kIn && spoke == hub.front(); }
};

Result<std::vector<ConversionStep>> create_steps(const Json& compiled);

// Changes `scope` in place. Errors: kInvalid with one field, relative to `scope`.
Result<void> apply_steps(Json& scope, const std::vector<ConversionStep>& steps,
                         const StepContext& context);

}  // namespace capstan
