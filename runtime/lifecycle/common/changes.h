// Changes as reconcilers write them.
#pragma once

#include <utility>

#include "runtime/controller/reconciler.h"

namespace capstan::lifecycle {

// Deletes this very object, not a later one of its name.
inline Change removal(const Object& object) {
  return {.op = Change::Op::kDelete, .key = object.key(), .uid = object.meta().uid};
}

// Creates the object that the body describes.
inline Change creation(Json body) {
  const std::string group = GroupVersion::parse(get_string(body, {"apiVersion"})).group;
  ObjectKey key{{group, get_string(body, {"kind"})},
                get_string(body, {"metadata", "namespace"}),
                get_string(body, {"metadata", "name"})};
  return {.op = Change::Op::kCreate, .key = std::move(key), .body = std::move(body)};
}

}  // namespace capstan::lifecycle
