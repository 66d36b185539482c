#include "runtime/isolation/poll_time.h"

#include <gtest/gtest.h>

namespace capstan::isolation {
namespace {

using namespace std::chrono_literals;

TEST(PollTimeTest, a_time_that_an_int_cannot_hold_is_waited_for_in_pieces) {
  EXPECT_EQ(poll_milliseconds(720h), 3'600'000);
  EXPECT_EQ(poll_milliseconds(1h), 3'600'000);
  EXPECT_EQ(poll_milliseconds(30s), 30'000);
}

TEST(PollTimeTest, what_is_over_takes_no_time_and_what_is_left_is_rounded_up) {
  EXPECT_EQ(poll_milliseconds(-5s), 0);
  EXPECT_EQ(poll_milliseconds(0s), 0);
  EXPECT_EQ(poll_milliseconds(1us), 1);
}

TEST(PollTimeTest, without_a_limit_it_has_no_end) {
  EXPECT_EQ(poll_milliseconds({}), -1);
}

}  // namespace
}  // namespace capstan::isolation
