#include "runtime/system/process_usage.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <vector>

namespace capstan {
namespace {

TEST(ProcessUsageTest, memory_that_was_written_is_resident) {
  const ProcessUsage before = *read_process_usage();
  const std::vector<char> memory(64 << 20, 'x');
  const ProcessUsage after = *read_process_usage();
  EXPECT_GE(after.resident_bytes, before.resident_bytes + (memory.size() / 2));
  EXPECT_GE(after.virtual_bytes, after.resident_bytes);
}

TEST(ProcessUsageTest, each_open_file_counts_once) {
  const ProcessUsage before = *read_process_usage();
  const int file = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(read_process_usage()->open_fds, before.open_fds + 1);
  ::close(file);
  EXPECT_EQ(read_process_usage()->open_fds, before.open_fds);
  EXPECT_GT(before.max_fds, before.open_fds);
}

TEST(ProcessUsageTest, the_process_began_before_now_and_after_the_machine) {
  const ProcessUsage usage = *read_process_usage();
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  EXPECT_LE(usage.start_time, now.count() + 2) << "the machine's start is known to the second";
  EXPECT_GT(usage.start_time, now.count() - 3600) << "a test is young";
  EXPECT_GE(usage.threads, 1u);
}

}  // namespace
}  // namespace capstan
