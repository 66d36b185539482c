// One step of a conversion: a value that moves, changes its form, or both.
//
// Or one that says in the spoke what follows from a number of the hub's.
//
// The steps of one list work at the same time: first all values are taken from where they are, the
// deepest first, then all are put where they belong. So the order of the list does not matter, and
// two fields can change places.
//
// Thread safety: immutable once made.
#pragma once

#include <memory>
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

enum class StepKind { kMove, kSeconds, kReference, kNamed, kPositive, kIn };

struct ConversionSteps;

struct ConversionStep {
  StepKind kind = StepKind::kMove;
  FieldPath spoke;
  std::vector<FieldPath> hub;              // the first is read, all are written
  Json options;                            // of the kind of step
  size_t each = 0;                         // kIn: how many lists or maps to go into
  std::unique_ptr<ConversionSteps> steps;  // kIn

  // Where the value is read, for a direction.
  const FieldPath& source(Direction direction) const {
    return direction == Direction::kToHub ? spoke : hub.front();
  }
  bool in_place() const { return kind == StepKind::kIn && spoke == hub.front(); }
};

// A list of steps, with the orders in which they are taken worked out once.
struct ConversionSteps {
  std::vector<ConversionStep> all;
  std::vector<size_t> in_place;
  std::vector<size_t> positive;          // read the hub and write the spoke, and move nothing
  std::vector<size_t> deepest_first[2];  // of the others, by Direction

  static Result<ConversionSteps> create(const Json& compiled);
  ConversionSteps() = default;
  ConversionSteps(ConversionSteps&&) = default;
  ConversionSteps& operator=(ConversionSteps&&) = default;

  // Changes `scope` in place. Errors: kInvalid with one field, relative to `scope`.
  Result<void> apply(Json& scope, const StepContext& context) const;
};

}  // namespace capstan
