// The cases of cases_lifecycle.cc through the port, for plugins in a process of their own.
//
// Thread safety: as Case::run.
#pragma once

#include "sdk/conformance/case.h"

namespace capstan::conformance::port {

Finding activates(const CaseInput& input);
Finding activates_again(const CaseInput& input);
Finding survives_bad_settings(const CaseInput& input);
Finding survives_mistyped_settings(const CaseInput& input);
Finding deactivate_ends_all(const CaseInput& input);
Finding lives_many_times(const CaseInput& input);
Finding two_instances(const CaseInput& input);

}  // namespace capstan::conformance::port
