// The processor time that calls take on their threads. Reading that clock is a system call, so it
// is read for every call only while calls take long; of quick ones it is read for one in many,
// which then stands for all of them.
//
// Thread safety: all members from any thread.
//
// Example:
//   const CallCpu::Reading reading = cpu.begin(number_of_the_call);
//   ...the call...
//   cpu.end(reading, seconds_that_it_took);
#pragma once

#include <time.h>

#include <atomic>
#include <cstdint>

namespace capstan {

class CallCpu {
 public:
  static constexpr double kLong = 20e-6;         // seconds
  static constexpr uint64_t kOneIn = 256;        // quick calls
  static constexpr int kMeasuredAfterLong = 64;  // calls that follow a long one

  struct Reading {
    double begin = -1;  // < 0: none
  };

  Reading begin(uint64_t number) const {
    if (measured_.load(std::memory_order_relaxed) <= 0 && number % kOneIn != 0) return {};
    return {now()};
  }

  void end(Reading reading, double seconds) {
    const bool took_long = seconds >= kLong;
    const int measured = measured_.load(std::memory_order_relaxed);
    if (reading.begin >= 0) {
      const double used = now() - reading.begin;
      seconds_.fetch_add(took_long || measured > 0 ? used : used * double{kOneIn},
                         std::memory_order_relaxed);
    }
    if (took_long) {
      measured_.store(kMeasuredAfterLong, std::memory_order_relaxed);
    } else if (measured > 0) {
      measured_.fetch_sub(1, std::memory_order_relaxed);
    }
  }

  double seconds() const { return seconds_.load(std::memory_order_relaxed); }

 private:
  static double now() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  }

  std::atomic<int> measured_{0};
  std::atomic<double> seconds_{0};
};

}  // namespace capstan
