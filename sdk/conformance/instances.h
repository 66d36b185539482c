// Which cases are run for a plugin: those of the level, once for the file, or for each mode and
// kind.
//
// Thread safety: pure.
#pragma once

#include <string>
#include <vector>

#include "sdk/conformance/case.h"
#include "sdk/conformance/runner.h"

namespace capstan::conformance {

// One case for one mode and kind.
struct Instance {
  Case definition;
  const ReconcileEntry* entry = nullptr;  // of the manifest; set where there is one for each kind
  Mode mode = Mode::kInProcess;
  CaseResult result;  // without a finding

  Finding run(const Subject& subject) const;
  // Why there is nothing to look at in its mode; "" where there is.
  std::string not_applicable() const;
};

// Lifetime: the manifest outlives them. Errors: kInvalid (an unknown mode, a bad expression).
Result<std::vector<Instance>> instances(const Manifest& manifest, const RunOptions& options);

}  // namespace capstan::conformance
