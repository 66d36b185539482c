// Changes a JSON text at random: members go, change type or place, grow, or single bytes change.
//
// Thread safety: as the random port.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/random.h"

namespace capstan::conformance {

// The same text for the same state of `random`.
std::string mutated(std::string_view json_text, Random& random);

}  // namespace capstan::conformance
