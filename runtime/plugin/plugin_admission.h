// Admission by the plugins whose manifest asks for it (capstan.admission/1): their defaults are
// merged into the object, their errors refuse the write with the fields they name.
//
// Each call is a span below the trace of the request that writes, whose id goes with the call.
//
// Thread safety: as Admission. Lifetime: the registry and the tracer outlive it.
#pragma once

#include "runtime/base/clock.h"
#include "runtime/plugin/plugin_registry.h"
#include "runtime/resource/resource_service.h"
#include "runtime/telemetry/trace.h"

namespace capstan {

class PluginAdmission final : public Admission {
 public:
  // `timeout`: how long a write may wait for one plugin.
  PluginAdmission(const PluginRegistry& registry, Clock& clock,
                  Duration timeout = std::chrono::seconds(5), const Tracer* tracer = nullptr);

  Result<void> admit(const Kind& kind, Json& object, const Json* old) override;

 private:
  Result<void> ask(Provider& provider, Json& object, const Json* old);
  const PluginRegistry& registry_;
  Clock& clock_;
  const Duration timeout_;
  const Tracer* const tracer_;
};

}  // namespace capstan
