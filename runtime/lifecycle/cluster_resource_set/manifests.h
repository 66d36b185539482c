// What the ConfigMaps and Secrets of a ClusterResourceSet bring into a cluster.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <vector>

#include "runtime/object/object.h"

namespace capstan::lifecycle {

struct Manifests {
  std::vector<Json> objects;  // in the order of the sorted keys, Lists taken apart
  std::string hash;           // "sha256:...", over the sorted data
};

// Reads every value as YAML or JSON with any number of documents.
// Errors: kInvalid for a Secret of another type than addons.cluster.x-k8s.io/resource-set, and for
// what cannot be read, with the key.
Result<Manifests> read_manifests(const Object& resource);

}  // namespace capstan::lifecycle
