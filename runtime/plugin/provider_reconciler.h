// A kind whose reconcile function is a plugin's: builds the request, calls the provider that takes
// the object, and turns the reply into changes. An object that no enabled plugin takes gets the
// condition Ready=False, reason BackendNotEnabled; one whose provider is away for a moment waits.
//
// Each call is a span, first of a trace of its own, whose id goes with the call.
//
// Thread safety: as Reconciler. Lifetime: registry, kinds and the tracer outlive it.
//
// Example:
//   for (const GroupKind& kind : registry.reconciled()) {
//     manager.add(provider_controller(kind, registry, kinds));
//   }
#pragma once

#include <atomic>
#include <string>

#include "runtime/controller/reconciler.h"
#include "runtime/object/kind.h"
#include "runtime/plugin/plugin_registry.h"
#include "runtime/telemetry/trace.h"

namespace capstan {

class ProviderReconciler final : public Reconciler {
 public:
  // A null tracer gives calls no trace.
  ProviderReconciler(GroupKind kind, const PluginRegistry& registry, const KindRegistry& kinds,
                     const Tracer* tracer = nullptr);

  std::string name() const override { return name_; }
  Result<Outcome> reconcile(const ObjectKey& key, const ReconcileContext& context) override;

  // Running calls and those to come are told to give up.
  void cancel() override { cancelled_ = true; }

 private:
  Outcome not_taken(const Object& object, Instant now) const;
  ProviderRoute route(const Object& object) const;

  const GroupKind kind_;
  const std::string name_;
  const PluginRegistry& registry_;
  const KindRegistry& kinds_;
  const Tracer* const tracer_;
  const std::vector<ProviderRoute> routes_;
  std::atomic<bool> cancelled_{false};
};

// "hellomachine": how the controller of a kind is called in logs, metrics and enqueue().
std::string provider_controller_name(const GroupKind& kind);

// The controller of a kind, with the watches of docs/abi.md: the object itself, its owner, its
// Cluster, what it owns and its relations.
ControllerOptions provider_controller(const GroupKind& kind, const PluginRegistry& registry,
                                      const KindRegistry& kinds, const Tracer* tracer = nullptr);

}  // namespace capstan
