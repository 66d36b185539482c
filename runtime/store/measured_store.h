// A Store that tells how long its commits take and how they end; everything else is the other
// store's.
//
// Thread safety: as Store. Lifetime: the registry and the clock outlive it.
//
// Example:
//   core->store = measured_store(TRY(open_sqlite_store(options)), core->metrics, core->clock);
#pragma once

#include <memory>

#include "runtime/base/clock.h"
#include "runtime/store/store.h"
#include "runtime/telemetry/metrics_registry.h"

namespace capstan {

// Metrics: capstan_store_commit_duration_seconds, capstan_store_writes_total and
// capstan_store_commit_errors_total, the latter by "code".
std::unique_ptr<Store> measured_store(std::unique_ptr<Store> store, MetricsRegistry& metrics,
                                      Clock& clock);

}  // namespace capstan
