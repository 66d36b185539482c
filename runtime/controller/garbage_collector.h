// Deletes what nobody owns any more, by owner references as Kubernetes understands them: dependents
// go after their last owner (Background), an owner waits for its dependents (Foreground, finalizer
// foregroundDeletion) or lets them go (Orphan, finalizer orphan).
//
// An owner is looked up by uid in the cache, which has every stored object, so "absent" is certain.
// A namespaced object can be owned from its own namespace or by a cluster-scoped object; a
// reference across namespaces counts as absent, one whose kind is not installed keeps the object
// alive.
//
// Thread safety: as Reconciler says.
#pragma once

#include <memory>

#include "runtime/controller/reconciler.h"
#include "runtime/object/kind.h"

namespace capstan {

class GarbageCollector final : public Reconciler {
 public:
  explicit GarbageCollector(const KindRegistry& kinds) : kinds_(kinds) {}

  std::string name() const override { return "garbage-collector"; }
  Result<Outcome> reconcile(const ObjectKey& key, const ReconcileContext& context) override;

 private:
  enum class OwnerState { kPresent, kWaiting, kAbsent, kUnknown };

  OwnerState state_of(const OwnerReference& owner, const Object& dependent,
                      const WatchCache& objects) const;
  void collect(const Object& object, const WatchCache& objects, Outcome& outcome) const;
  void delete_dependents(const Object& owner, const WatchCache& objects, Outcome& outcome) const;
  void orphan_dependents(const Object& owner, const WatchCache& objects, Outcome& outcome) const;

  const KindRegistry& kinds_;
};

// Lifetime: `kinds` outlives the manager.
ControllerOptions garbage_collector(const KindRegistry& kinds);

}  // namespace capstan
