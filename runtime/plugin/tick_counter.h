// A counter that is read in a few nanoseconds, for measuring calls that are hardly longer than
// reading the clock. Ticks have no unit of their own; TickRate tells how many nanoseconds they are.
//
// Thread safety: all functions from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace capstan {

inline uint64_t read_ticks() {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  uint64_t ticks;
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  return ticks;
#else
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

// Compares the counter with the clock since it was made, until it knows the rate well enough; from
// then on a conversion costs a multiplication.
class TickRate {
 public:
  double seconds_of(uint64_t ticks) const {
    double rate = rate_.load(std::memory_order_relaxed);
    if (rate == 0) rate = measure();
    return static_cast<double>(ticks) * rate;
  }

 private:
  double measure() const {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - began_;
    const uint64_t counted = read_ticks() - first_;
    if (counted == 0) return 0;
    const double rate = elapsed.count() / static_cast<double>(counted);
    // Reading clock and counter one after the other is off by well under a microsecond.
    if (elapsed > std::chrono::milliseconds(10)) rate_.store(rate, std::memory_order_relaxed);
    return rate;
  }

  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  uint64_t first_ = read_ticks();
  mutable std::atomic<double> rate_{0};
};

}  // namespace capstan
