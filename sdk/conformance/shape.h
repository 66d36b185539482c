// What has to be the same of two stored states, and what may differ: times, revisions, uids and the
// values that a world gives (addresses, ids, keys) may; which fields there are, what is true and
// what the conditions say may not.
//
// Thread safety: pure functions.
#pragma once

#include <string>

#include "runtime/base/json.h"
#include "runtime/plugin/manifest.h"

namespace capstan::conformance {

// The part of one object that counts.
Json shape_of(const Json& object);
// Of all objects in a dump: by kind and name; generated names (with a random end) by kind only.
Json shape_of_all(const Json& dump);
// The first difference as a text with its path, "" where there is none.
std::string first_difference(const Json& expected, const Json& seen);

// Whether the object keeps what its role promises.
bool is_ready(const Json& object, ProviderRole role);

}  // namespace capstan::conformance
