// What a round trip through another version loses, as a value that can be kept and put back later.
//
// A remainder says of each place what the round trip gives there and what was there before. It is
// put back only where the former is still true, so whatever was changed meanwhile stays as changed.
// Items of lists are found again by their keys where the schema names keys, else by their place in
// a list of unchanged length.
//
//   {"f": {NAME: remainder}}                         fields of an object
//   {"k": [{"at": [KEY VALUES], "r": remainder}]}    items of a list with keys
//   {"n": LENGTH, "i": {INDEX: remainder}}           items of another list
//   {"b": VALUE, "t": VALUE}                         after the trip, before; missing where absent
//
// Thread safety: free functions.
#pragma once

#include "runtime/base/json.h"
#include "runtime/object/conversion_shape.h"

namespace capstan {

// The remainder of objects of one version; null where `after` equals `before`. What all objects
// have in common (apiVersion, kind, metadata) is not compared.
Json find_remainder(const Json& after, const Json& before, const ConversionShape& shape);

// Puts `remainder` back into `object`. Tolerates any value of both: a remainder comes from an
// annotation, which anyone can write.
void put_remainder_back(Json& object, const Json& remainder, const ConversionShape& shape);

}  // namespace capstan
