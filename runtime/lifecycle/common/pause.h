// Whether an object is paused: by its cluster's spec.paused or by its own annotation.
//
// Thread safety: pure functions.
#pragma once

#include "runtime/base/clock.h"
#include "runtime/lifecycle/common/draft.h"
#include "runtime/object/object.h"

namespace capstan::lifecycle {

bool is_paused(const Object* cluster, const Object& object);

// Sets the Paused condition in the draft; gives whether the object is paused.
bool set_paused_condition(Draft& draft, const Object* cluster, Instant now);

}  // namespace capstan::lifecycle
