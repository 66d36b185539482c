#include "runtime/plugin/plugin_registry.h"

#include <algorithm>
#include <set>

namespace capstan {
namespace {

const Json* at_path(const Json& object, const std::vector<std::string>& path) {
  const Json* current = &object;
  for (const std::string& step : path) {
    if (!current->is_object()) return nullptr;
    const auto member = current->find(step);
    if (member == current->end()) return nullptr;
    current = &*member;
  }
  return current;
}

const ReconcileEntry* taking(const Manifest& manifest, const GroupKind& kind, const Json& object) {
  for (const ReconcileEntry& entry : manifest.reconciles) {
    if (entry.kind == kind && takes(entry, object)) return &entry;
  }
  return nullptr;
}

}  // namespace

bool takes(const ReconcileEntry& entry, const Json& object) {
  if (!entry.when) return true;
  const Json* value = at_path(object, entry.when->path);
  const bool exists = value != nullptr && !value->is_null();
  if (entry.when->exists && *entry.when->exists != exists) return false;
  return !entry.when->equals || (exists && *value == *entry.when->equals);
}

Result<void> PluginRegistry::add(std::shared_ptr<Provider> provider) {
  if (find(provider->name()) != nullptr) {
    return Error::already_exists("a plugin named \"" + provider->name() + "\" runs already");
  }
  for (const ReconcileEntry& entry : provider->manifest().reconciles) {
    for (const ProviderRoute& other : routes(entry.kind)) {
      if (!entry.when || !other.entry->when) {
        return Error::already_exists("plugins \"" + provider->name() + "\" and \"" +
                                     other.provider->name() + "\" both reconcile all " +
                                     entry.kind.text() + " objects; enable one of them");
      }
    }
  }
  std::erase_if(known_, [&](const Manifest& m) { return m.name == provider->name(); });
  providers_.push_back(std::move(provider));
  return {};
}

Provider* PluginRegistry::find(std::string_view name) const {
  for (const auto& provider : providers_) {
    if (provider->name() == name) return provider.get();
  }
  return nullptr;
}

std::vector<GroupKind> PluginRegistry::reconciled() const {
  std::set<GroupKind> kinds;
  for (const auto& provider : providers_) {
    for (const ReconcileEntry& entry : provider->manifest().reconciles) kinds.insert(entry.kind);
  }
  return {kinds.begin(), kinds.end()};
}

std::vector<ProviderRoute> PluginRegistry::routes(const GroupKind& kind) const {
  std::vector<ProviderRoute> out;
  for (const auto& provider : providers_) {
    for (const ReconcileEntry& entry : provider->manifest().reconciles) {
      if (entry.kind == kind) out.push_back({provider.get(), &entry});
    }
  }
  return out;
}

ProviderRoute PluginRegistry::route(const GroupKind& kind, const Json& object) const {
  for (const auto& provider : providers_) {
    if (const ReconcileEntry* entry = taking(provider->manifest(), kind, object)) {
      return {provider.get(), entry};
    }
  }
  return {};
}

std::string PluginRegistry::not_enabled(const GroupKind& kind, const Json& object) const {
  for (const Manifest& manifest : known_) {
    if (taking(manifest, kind, object) != nullptr) return manifest.name;
  }
  return "";
}

std::vector<Provider*> PluginRegistry::admitting(const GroupKind& kind) const {
  std::vector<Provider*> out;
  for (const auto& provider : providers_) {
    const auto& kinds = provider->manifest().admits;
    if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) out.push_back(provider.get());
  }
  return out;
}

void PluginRegistry::deactivate_all() {
  for (auto provider = providers_.rbegin(); provider != providers_.rend(); ++provider) {
    (*provider)->deactivate();
  }
}

}  // namespace capstan
