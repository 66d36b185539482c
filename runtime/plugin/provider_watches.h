// Which changes wake objects of a provider's kind (docs/abi.md): its own, its owner's, its
// Cluster's, those of what it owns and of its relations.
//
// Thread safety: the functions in the rules are pure.
#pragma once

#include <vector>

#include "runtime/controller/reconciler.h"
#include "runtime/plugin/plugin_registry.h"

namespace capstan {

std::vector<WatchRule> provider_watches(const GroupKind& kind,
                                        const std::vector<ProviderRoute>& routes);

}  // namespace capstan
