// Empties Namespaces that are being deleted, and then lets them go.
//
// Thread safety: as Reconciler says.
#pragma once

#include "runtime/controller/reconciler.h"
#include "runtime/object/kind.h"

namespace capstan {

class NamespaceReconciler final : public Reconciler {
 public:
  explicit NamespaceReconciler(const KindRegistry& kinds) : kinds_(kinds) {}

  std::string name() const override { return "namespace"; }
  Result<Outcome> reconcile(const ObjectKey& key, const ReconcileContext& context) override;

 private:
  const KindRegistry& kinds_;
};

// Lifetime: `kinds` outlives the manager.
ControllerOptions namespace_controller(const KindRegistry& kinds);

}  // namespace capstan
