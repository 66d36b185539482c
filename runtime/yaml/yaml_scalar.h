// The type of a plain YAML scalar, as the core schema of YAML 1.2 has it.
//
// Thread safety: free functions without state.
#pragma once

#include <string>

#include "runtime/base/json.h"

namespace capstan {

// null, a boolean, a number, or else the text itself. Infinities and NaN have no JSON value: they
// are given back as discarded.
Json plain_scalar(const std::string& text);

// Whether a reader of YAML 1.1 or 1.2 would take the plain text for something else than a string.
bool needs_quotes(const std::string& text);

}  // namespace capstan
