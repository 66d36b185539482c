// What the controllers did, for metrics: counts and latencies.
//
// Thread safety: LatencyHistogram is a value.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/clock.h"

namespace capstan {

// Counts of durations up to 1 ms, 2 ms, 4 ms ... 16.4 s and above.
class LatencyHistogram {
 public:
  static constexpr size_t kBuckets = 16;

  void observe(Duration latency);
  uint64_t count() const { return count_; }
  Duration sum() const { return sum_; }
  // How many were at most `upper_bound(bucket)`; the last bucket has no bound.
  const std::array<uint64_t, kBuckets>& buckets() const { return buckets_; }
  static Duration upper_bound(size_t bucket) {
    return std::chrono::milliseconds(1) * (1 << bucket);
  }

 private:
  std::array<uint64_t, kBuckets> buckets_{};
  uint64_t count_ = 0;
  Duration sum_ = Duration::zero();
};

struct ControllerStatistics {
  std::string controller;
  size_t depth = 0;   // keys that are ready
  size_t active = 0;  // keys in work
  uint64_t reconciles = 0;
  uint64_t errors = 0;
  uint64_t conflicts = 0;
  uint64_t changes = 0;             // writes that were asked for
  LatencyHistogram queue_time;      // from ready to taken
  LatencyHistogram reconcile_time;  // reconcile and commit
};

}  // namespace capstan
