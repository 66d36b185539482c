// Counts the calls of a provider: how many, how they ended, how long they took. Recording is a few
// relaxed atomic operations.
//
// Thread safety: all members from any thread.
//
// Example:
//   calls.count(reply.status, rate.seconds_of(read_ticks() - begin));
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "runtime/plugin/provider_port.h"

namespace capstan {

class CallCounter {
 public:
  CallCounter() : latency_(kProviderCallBounds) {}

  void count(Code status, double seconds) {
    latency_.observe(seconds);
    count(status);
  }
  // Without its latency.
  void count(Code status) {
    calls_.fetch_add(1, std::memory_order_relaxed);
    if (status == Code::kOk) return;
    const auto code = static_cast<size_t>(status);
    failures_[code < failures_.size() ? code : static_cast<size_t>(Code::kUnknown)].fetch_add(
        1, std::memory_order_relaxed);
  }

  // Its part of the statistics.
  void tell(ProviderStatistics& out) const {
    out.calls = calls_.load(std::memory_order_relaxed);
    for (size_t code = 0; code < failures_.size(); ++code) {
      const uint64_t count = failures_[code].load(std::memory_order_relaxed);
      if (count == 0) continue;
      out.failures += count;
      out.failures_by_code[static_cast<Code>(code)] = count;
    }
    out.latency = latency_.snapshot();
  }

 private:
  std::atomic<uint64_t> calls_{0};
  std::array<std::atomic<uint64_t>, static_cast<size_t>(Code::kUnauthenticated) + 1> failures_{};
  Histogram latency_;
};

}  // namespace capstan
