// The request of a reconcile call: the object and what stands around it, as one JSON text. Stored
// texts are copied as they are; nothing is parsed or written anew.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/object/object.h"
#include "runtime/plugin/manifest.h"
#include "runtime/store/watch_cache.h"

namespace capstan {

inline constexpr char kClusterNameLabel[] = "cluster.x-k8s.io/cluster-name";
inline const GroupKind kClusterKind{"cluster.x-k8s.io", "Cluster"};
inline const GroupKind kMachineKind{"cluster.x-k8s.io", "Machine"};

std::string provider_request(const Object& object, const ReconcileEntry& entry,
                             const WatchCache& cache, Instant now);

// Its controller owner, else its first owner; null where there is none or it is gone.
ObjectPtr owner_of(const Object& object, const WatchCache& cache);
// The Cluster that its label names, or that owns it; null where there is none.
ObjectPtr cluster_of(const Object& object, const WatchCache& cache);
// The objects of a relation, sorted by namespace and name.
std::vector<ObjectPtr> related_objects(const Object& object, const Relation& relation,
                                       const WatchCache& cache);
// What a kReference relation of the object names; an empty name where there is no reference.
ObjectKey referenced_key(const Object& object, const Relation& relation);

}  // namespace capstan
