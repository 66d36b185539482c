// The smallest object that a schema allows: required fields only, each with the first value that
// its type, enum, bounds and pattern take.
//
// Thread safety: pure functions.
#pragma once

#include <string>

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/plugin/manifest.h"

namespace capstan::conformance {

// A value for one schema node. Errors: kInvalid with the path below `at` where no value is found
// (a pattern that none of the kit's guesses matches): the author then gives a sample.
Result<Json> smallest_value(const Json& schema, const std::string& at);

// An object of the entry's kind in its storage version, with `spec` as the schema and the entry's
// `when` ask for it, and without metadata. Errors: as above; kNotFound where the manifest does not
// bring the kind.
Result<Json> smallest_object(const Manifest& manifest, const ReconcileEntry& entry);

}  // namespace capstan::conformance
