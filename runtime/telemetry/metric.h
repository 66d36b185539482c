// The three kinds of metrics. Recording is a few relaxed atomic operations, so that they can stand
// in hot paths; reading gives what was recorded so far, not a consistent cut.
//
// Thread safety: all members from any thread.
//
// Example:
//   Histogram latency(kLatencyBounds);
//   latency.observe(clock.monotonic() - start);
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "runtime/base/clock.h"

namespace capstan {

enum class MetricType { kCounter = 1, kGauge = 2, kHistogram = 3 };

// Only ever grows.
class Counter {
 public:
  // What is negative or no number counts as nothing.
  void add(double by = 1) {
    if (by > 0) value_.fetch_add(by, std::memory_order_relaxed);
  }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  void add(double by) { value_.fetch_add(by, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

// Seconds, from a call in memory to one that is given up.
inline constexpr double kLatencyBounds[] = {0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1,
                                            0.25,   0.5,    1,     2.5,   5,    10,    30,   60};

// A histogram as it was at some moment.
struct HistogramSnapshot {
  std::vector<double> bounds;    // upper ones, rising; the last bucket has none
  std::vector<uint64_t> counts;  // of each bucket by itself: one more than bounds
  double sum = 0;

  uint64_t count() const;
  // Both together, in the bounds of this one; an empty one takes those of the other.
  HistogramSnapshot& operator+=(const HistogramSnapshot& other);
};

class Histogram {
 public:
  // `bounds` rise.
  explicit Histogram(std::span<const double> bounds);

  void observe(double value) {
    // From the smallest: what is quick has the least time to lose.
    size_t bucket = 0;
    while (bucket < bounds_.size() && !(value <= bounds_[bucket])) ++bucket;
    counts_[bucket].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
  }
  void observe(Duration latency) { observe(std::chrono::duration<double>(latency).count()); }

  HistogramSnapshot snapshot() const;

 private:
  const std::vector<double> bounds_;
  const std::unique_ptr<std::atomic<uint64_t>[]> counts_;
  std::atomic<double> sum_{0};
};

}  // namespace capstan
