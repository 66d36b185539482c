// The part of the Common Expression Language that validation rules of CRDs use
// (x-kubernetes-validations): literals, lists and maps, `.` and `[]`, operators, `in`, `?:`, has(),
// the macros all, exists, exists_one, filter and map, conversions, texts, times and durations.
//
// An expression is compiled once. Its types are looked at when it runs, so a mistake in types is an
// error of the run. What the language has and this does not know is an error of the compilation.
//
// Thread safety: Program is immutable; any number of threads may run it.
//
// Example:
//   const cel::Program rule = TRY(cel::Program::compile("self.min <= self.max", {"self"}));
//   cel::Budget budget;
//   const bool holds = TRY(rule.run_condition({{"self", &object}}, budget));
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace capstan::cel {

struct Expression;  // expression.h

// How much work is left; an expression that needs more fails. One unit is about one step, and one
// per 16 bytes of text that is looked through.
struct Budget {
  int64_t left = 1'000'000;
};

// The value of a variable, borrowed for the run. An optional (oldSelf under optionalOldSelf) is
// none where `value` is null, and is read with hasValue(), value() and orValue().
struct Variable {
  std::string_view name;
  const Json* value = nullptr;
  bool optional = false;
};
using Variables = std::vector<Variable>;

class Program {
 public:
  // Errors: kInvalid with the position and what was expected: malformed, unknown variables or
  // functions, more than 64 KiB, nested too deeply.
  static Result<Program> compile(std::string_view text, const std::vector<std::string>& variables);

  // Errors: kInvalid (no such key, wrong type, division by zero, not a boolean),
  // kResourceExhausted (the budget is used up).
  Result<bool> run_condition(const Variables& variables, Budget& budget) const;
  // The same for an expression that gives a text (messageExpression).
  Result<std::string> run_text(const Variables& variables, Budget& budget) const;

  // Whether the expression names the variable: rules that name oldSelf are transition rules.
  bool uses(std::string_view variable) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::shared_ptr<const Expression> root_;
};

}  // namespace capstan::cel
