// What Cluster API's own objects refer to, for the watch cache's index (WatchCacheOptions), so that
// a new object wakes those that wait for it without a look at all of them.
//
// Thread safety: a pure function.
#pragma once

#include <vector>

#include "runtime/object/object.h"

namespace capstan::lifecycle {

// Of a Cluster, Machine or MachineSet, the objects in its namespace that its spec names; nothing of
// other objects.
std::vector<ObjectKey> references_of(const Object& object);

}  // namespace capstan::lifecycle
