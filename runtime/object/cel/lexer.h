// Tokens of CEL.
//
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace capstan::cel {

struct Token {
  enum class Kind { kEnd, kName, kInt, kUint, kDouble, kString, kBytes, kSymbol };
  Kind kind = Kind::kEnd;
  std::string text;  // of strings: their value; of symbols: the symbol
  int64_t integer = 0;
  uint64_t unsigned_integer = 0;
  double number = 0;
  size_t position = 0;
};

// The tokens, the last of which is kEnd.
// Errors: kInvalid with the position.
Result<std::vector<Token>> tokenize(std::string_view text);

}  // namespace capstan::cel
