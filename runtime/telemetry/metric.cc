#include "runtime/telemetry/metric.h"

#include <algorithm>
#include <numeric>

namespace capstan {

uint64_t HistogramSnapshot::count() const {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

HistogramSnapshot& HistogramSnapshot::operator+=(const HistogramSnapshot& other) {
  if (counts.empty()) return *this = other;
  for (size_t i = 0; i < other.counts.size(); ++i) {
    // What is at most a bound of the other is at most the next of ours.
    const auto bound = i < other.bounds.size()
                           ? std::lower_bound(bounds.begin(), bounds.end(), other.bounds[i])
                           : bounds.end();
    counts[static_cast<size_t>(bound - bounds.begin())] += other.counts[i];
  }
  sum += other.sum;
  return *this;
}

Histogram::Histogram(std::span<const double> bounds)
    : bounds_(bounds.begin(), bounds.end()),
      counts_(std::make_unique<std::atomic<uint64_t>[]>(bounds.size() + 1)) {}

HistogramSnapshot Histogram::snapshot() const {
  HistogramSnapshot snapshot{bounds_, {}, sum_.load(std::memory_order_relaxed)};
  for (size_t i = 0; i <= bounds_.size(); ++i) {
    snapshot.counts.push_back(counts_[i].load(std::memory_order_relaxed));
  }
  return snapshot;
}

}  // namespace capstan
