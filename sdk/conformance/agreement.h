// One plugin, one behaviour: what a case found in one mode is found in every other.
//
// Thread safety: pure.
#pragma once

#include <vector>

#include "sdk/conformance/runner.h"

namespace capstan::conformance {

// A result "modes-agree/ID" for each case that ran in more than one mode: the verdicts and what the
// cases gave as evidence are the same. Where a mode has nothing to look at, it is left out.
std::vector<CaseResult> compare_modes(const std::vector<CaseResult>& results);

}  // namespace capstan::conformance
