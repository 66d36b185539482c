// The tree of a CEL expression.
//
// Thread safety: immutable once parsed.
#pragma once

#include <re2/re2.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/object/cel/value.h"

namespace capstan::cel {

enum class Macro { kAll, kExists, kExistsOne, kFilter, kMap };

struct Expression {
  enum class Kind {
    kLiteral,   // value
    kVariable,  // name
    kSelect,    // operands[0].name
    kHas,       // has(operands[0].name)
    kIndex,     // operands[0][operands[1]]
    kCall,      // name(operands...); of a method, operands[0] is its target
    kUnary,     // name: - !
    kBinary,    // name: + - * / % == != < <= > >= in
    kAnd,       //
    kOr,        //
    kChoice,    // operands[0] ? operands[1] : operands[2]
    kList,      // operands
    kMap,       // keys and values in turn
    kMacro,     // operands[0].macro(name, operands[1] [, operands[2]])
  };
  Kind kind = Kind::kLiteral;
  size_t position = 0;
  std::string name = {};
  Value value = {};
  Macro macro = Macro::kAll;
  std::vector<Expression> operands = {};
  // Of matches() with a literal pattern.
  std::shared_ptr<const re2::RE2> pattern = {};
};

// Errors: kInvalid with the position. `variables` are the names that may be used besides those of
// macros.
Result<Expression> parse(std::string_view text, const std::vector<std::string>& variables);

}  // namespace capstan::cel
