// What a controller did, for metrics: counts and latencies since it was made.
//
// Thread safety: values.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/telemetry/metric.h"

namespace capstan {

struct ControllerStatistics {
  std::string controller;
  size_t concurrency = 0;  // keys that may be in work at once
  size_t depth = 0;        // keys that are ready
  size_t active = 0;       // keys in work
  uint64_t adds = 0;       // keys that became ready
  uint64_t retries = 0;    // of them: after a failure or a lost race
  uint64_t reconciles = 0;
  uint64_t errors = 0;
  uint64_t conflicts = 0;
  uint64_t requeues = 0;             // reconciles that asked for another one after some time
  uint64_t changes = 0;              // writes that were asked for
  HistogramSnapshot queue_time;      // from ready to taken
  HistogramSnapshot reconcile_time;  // reconcile and commit
};

}  // namespace capstan
