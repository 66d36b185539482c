// Which Machines of a set go first when there are too many.
//
// Thread safety: pure functions.
#pragma once

#include <string>

#include "runtime/base/clock.h"
#include "runtime/lifecycle/common/rollup.h"

namespace capstan::lifecycle {

// Greater goes first: being deleted 100, annotated 80, updating 75, unhealthy 50, else by order:
// "Random" 20, "Oldest" and "Newest" by age. (Source: Cluster API's MachineSet controller.)
double deletion_score(const Object& machine, const std::string& order, Instant now);

// By score, then by name: so "Random" is in fact alphabetical.
Objects sort_for_deletion(Objects machines, const std::string& order, Instant now);

}  // namespace capstan::lifecycle
