#include "runtime/plugin/call_cpu.h"

#include <gtest/gtest.h>

namespace capstan {
namespace {

// Uses the processor for about so many seconds, by its own clock.
void work(double seconds) {
  timespec time{};
  const auto now = [&] {
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  };
  for (const double end = now() + seconds; now() < end;) {
  }
}

TEST(CallCpuTest, every_call_is_measured_once_one_took_long) {
  CallCpu cpu;
  for (uint64_t i = 0; i < 10; ++i) {
    const CallCpu::Reading reading = cpu.begin(i);
    work(0.002);
    cpu.end(reading, 0.002);
  }
  EXPECT_GE(cpu.seconds(), 0.019);
  EXPECT_LT(cpu.seconds(), 0.1) << "a long one stands for itself alone";
}

TEST(CallCpuTest, a_quick_call_that_is_measured_stands_for_those_that_are_not) {
  CallCpu cpu;
  for (uint64_t i = 0; i < 2 * CallCpu::kOneIn; ++i) {
    const CallCpu::Reading reading = cpu.begin(i);
    EXPECT_EQ(reading.begin >= 0, i % CallCpu::kOneIn == 0);
    if (reading.begin >= 0) work(10e-6);
    cpu.end(reading, 10e-6);
  }
  EXPECT_GE(cpu.seconds(), 2 * CallCpu::kOneIn * 10e-6);
}

TEST(CallCpuTest, waiting_uses_no_processor) {
  CallCpu cpu;
  cpu.end(cpu.begin(0), 30.0);
  EXPECT_LT(cpu.seconds(), 0.01);
}

}  // namespace
}  // namespace capstan
