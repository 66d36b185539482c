// Events are one kind with two faces: core v1, which is stored, and events.k8s.io/v1. The fields
// are the same under other names.
//
// Thread safety: pure functions.
#pragma once

#include "runtime/base/json.h"

namespace capstan {

// Both take the whole object and set apiVersion.
Json event_to_core(Json event);
Json event_from_core(Json event);

}  // namespace capstan
