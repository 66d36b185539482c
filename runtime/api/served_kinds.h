// The kinds of a registry as clients see them: by group and version, in the order in which clients
// should prefer them.
//
// Thread safety: values and pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/object/kind.h"

namespace capstan {

struct ServedKind {
  KindPtr kind;
  const KindVersion* version = nullptr;  // of *kind
};

struct ServedVersion {
  std::string version;
  std::vector<ServedKind> kinds;
};

struct ServedGroup {
  std::string name;                     // "" for the core group
  std::vector<ServedVersion> versions;  // the preferred one first
};

// The core group first, then the server's own groups, then the others by name. Groups that only
// answer reviews (authentication.k8s.io, authorization.k8s.io) have a version without kinds.
std::vector<ServedGroup> served_groups(const KindRegistry& kinds);

// v2 before v1 before v1beta2 before v1beta1 before v1alpha1.
bool version_precedes(std::string_view a, std::string_view b);

}  // namespace capstan
