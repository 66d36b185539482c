// What /metrics tells of the program as a whole: the process, what is stored, controllers and
// providers; under the names that Kubernetes, controller-runtime and Prometheus have for it.
// docs/operating.md lists them.
//
// Thread safety: called once, before anybody looks. Lifetime: core and providers live until the
// last look.
#pragma once

#include "runtime/server/provider_runtime.h"
#include "runtime/server/runtime_core.h"

namespace capstan {

void add_server_metrics(RuntimeCore& core, const ProviderRuntime& providers);

// The parts, for tests: what is written for given figures.
void describe_controllers(const std::vector<ControllerStatistics>& controllers, Exposition& out);
void describe_plugins(const std::map<std::string, PluginFigures>& plugins, Exposition& out);

}  // namespace capstan
