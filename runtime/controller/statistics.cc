#include "runtime/controller/statistics.h"

namespace capstan {

void LatencyHistogram::observe(Duration latency) {
  size_t bucket = 0;
  while (bucket + 1 < kBuckets && latency > upper_bound(bucket)) ++bucket;
  ++buckets_[bucket];
  ++count_;
  sum_ += latency;
}

}  // namespace capstan
