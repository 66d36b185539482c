// The providers that run, and which of them reconciles what.
//
// Thread safety: built by one thread; const members from any thread afterwards.
//
// Example:
//   PluginRegistry registry = load_plugins(configs, options);
//   for (const PluginProblem& problem : registry.problems()) ...
//   for (const GroupKind& kind : registry.reconciled()) {
//     manager.add(provider_controller(kind, registry, kinds));
//   }
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/plugin/provider_port.h"

namespace capstan {

// A plugin that does not run, and why.
struct PluginProblem {
  std::string plugin;
  std::string file;
  Error error;
};

// One provider's claim on objects of a kind.
struct ProviderRoute {
  Provider* provider = nullptr;
  const ReconcileEntry* entry = nullptr;
};

// Whether the entry's `when` holds for the object.
bool takes(const ReconcileEntry& entry, const Json& object);

class PluginRegistry {
 public:
  // Errors: kAlreadyExists where its name or the whole of a kind is taken.
  Result<void> add(std::shared_ptr<Provider> provider);
  // A plugin that could be enabled: named where an object is nobody's.
  void add_known(Manifest manifest) { known_.push_back(std::move(manifest)); }
  void add_problem(PluginProblem problem) { problems_.push_back(std::move(problem)); }

  const std::vector<std::shared_ptr<Provider>>& providers() const { return providers_; }
  const std::vector<PluginProblem>& problems() const { return problems_; }
  const std::vector<Manifest>& known() const { return known_; }
  Provider* find(std::string_view name) const;  // null where it does not run

  // Kinds that some provider reconciles, sorted.
  std::vector<GroupKind> reconciled() const;
  std::vector<ProviderRoute> routes(const GroupKind& kind) const;
  // Who takes the object; a null provider where nobody does.
  ProviderRoute route(const GroupKind& kind, const Json& object) const;
  // The plugin that is known, not enabled and would take the object; "" where none is.
  std::string not_enabled(const GroupKind& kind, const Json& object) const;
  // Providers whose manifest asks for admission of the kind.
  std::vector<Provider*> admitting(const GroupKind& kind) const;

  // In the reverse order of add().
  void deactivate_all();

 private:
  std::vector<std::shared_ptr<Provider>> providers_;
  std::vector<Manifest> known_;
  std::vector<PluginProblem> problems_;
};

}  // namespace capstan
