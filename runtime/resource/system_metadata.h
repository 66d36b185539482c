// The metadata that the server alone sets: uid, creationTimestamp, generation, deletion.
//
// Thread safety: pure functions but for the Clock and Random passed.
#pragma once

#include "runtime/base/clock.h"
#include "runtime/base/random.h"
#include "runtime/object/kind.h"

namespace capstan {

// Gives a new object its identity. What a client sent of these fields does not count.
void set_system_metadata(const Kind& kind, Json& object, Clock& clock, Random& random);

// Puts the stored object's identity into its successor.
void keep_system_metadata(Json& object, const Json& live);

// Whether objects of the kind have metadata.generation.
bool has_generation(const Kind& kind);

// generation + 1 where anything but metadata (and status, where it is a subresource) differs.
void advance_generation(const Kind& kind, Json& object, const Json& live);

// Marks the beginning of the deletion.
void set_deletion_metadata(const Kind& kind, Json& object, Instant now);

// "prefix" -> "prefixab2cd", at most 63 characters.
std::string generate_name(std::string prefix, Random& random);

}  // namespace capstan
