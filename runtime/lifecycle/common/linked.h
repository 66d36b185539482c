// A reference in an object's spec and what it stands for.
#pragma once

#include <optional>
#include <string>

#include "runtime/lifecycle/common/contract.h"
#include "runtime/object/old_conditions.h"

namespace capstan::lifecycle {

struct Linked {
  bool defined = false;              // the reference is set
  std::optional<External> external;  // none where it is not set or could not be resolved
  std::optional<Error> error;        // why it could not be resolved

  bool exists() const { return external && external->exists(); }
  bool deleting() const { return external && external->deleting(); }
  std::string kind() const { return external ? external->key.kind.kind : ""; }
  // "DevCluster demo"
  std::string text() const { return external ? kind() + " " + external->key.name : ""; }
};

// Sets the condition of v1beta1 that tells of the linked object: its own Ready as v1beta1 has it
// or, where it has none, what today's condition of `view` says.
void mirror_old_ready(Json& view, const Linked& linked, const OldMirror& otherwise, Instant now);

// `ref` may be null.
Linked link(const Json* ref, const std::string& ns, const KindRegistry& kinds,
            const WatchCache& objects);

}  // namespace capstan::lifecycle
