// The functions and methods of CEL that are known, and what they do.
//
// Thread safety: pure functions.
#pragma once

#include <re2/re2.h>

#include <memory>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/object/cel/value.h"

namespace capstan::cel {

// Errors: kInvalid: arguments of the wrong type, values that do not fit.
using Function = Result<Value>(const std::vector<Value>& arguments);

// Null where unknown. `count` is the number of arguments, with the target of a method.
Function* find_function(std::string_view name, bool method, size_t count);

std::shared_ptr<const re2::RE2> make_pattern(std::string_view pattern);

// An operator with two operands: + - * / % == != < <= > >= in.
Result<Value> apply_operator(std::string_view name, const Value& left, const Value& right);
Result<Value> negate(const Value& value);

}  // namespace capstan::cel
