// spec.template of MachineSets and MachineDeployments: what of it makes new machines necessary, and
// what is carried over to machines that exist.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <vector>

#include "runtime/lifecycle/common/draft.h"

namespace capstan::lifecycle {

// Why a machine of template `current` is not what template `wanted` asks for, one sentence a field;
// empty where it is. Labels, annotations, readiness gates, minReadySeconds, timeouts and taints do
// not count: those are carried over in place.
std::vector<std::string> template_differences(const Json& current, const Json& wanted);

// Carries the fields that never make new machines necessary from `wanted` (a machine's spec of a
// template) to the spec at `path` of the draft's object. What the manager set before and the
// template has no more is removed.
void propagate_in_place(const Json& wanted, std::vector<std::string_view> path,
                        const std::string& manager, Draft& draft);

// The same for labels or annotations (`part`) at the end of `path`.
void propagate_strings(const Json& wanted, std::vector<std::string_view> path,
                       const std::string& manager, Draft& draft);

// Whether managedFields say that the manager set the field at the path.
bool set_by_manager(const Json& object, const std::string& manager,
                    const std::vector<std::string_view>& path);

}  // namespace capstan::lifecycle
