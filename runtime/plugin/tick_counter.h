// A counter that is read in a few nanoseconds, for measuring calls that are hardly longer than
// reading the clock. Ticks have no unit of their own; TickRate tells how many nanoseconds they are.
//
// Thread safety: all functions from any thread.
#pragma once

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

// Compares the counter with the clock since it was made; the longer ago, the more exact.
class TickRate {
 public:
  double nanoseconds_of(uint64_t ticks) const {
    const auto elapsed = std::chrono::steady_clock::now() - began_;
    const uint64_t counted = read_ticks() - first_;
    return counted == 0 ? 0.0
                        : static_cast<double>(ticks) *
                              static_cast<double>(std::chrono::nanoseconds(elapsed).count()) /
                              static_cast<double>(counted);
  }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  uint64_t first_ = read_ticks();
};

}  // namespace capstan
