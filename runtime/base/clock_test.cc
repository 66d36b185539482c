#include "runtime/base/clock.h"

#include <gtest/gtest.h>

#include <limits>

namespace capstan {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(ClockTest, a_time_survives_a_round_trip_through_its_text) {
  const Instant time{seconds(1'767'323'045)};
  EXPECT_EQ(format_time(time), "2026-01-02T03:04:05Z");
  EXPECT_EQ(*parse_time("2026-01-02T03:04:05Z"), time);
}

TEST(ClockTest, offsets_and_fractions_are_understood) {
  const Instant time{seconds(1'767'323'045)};
  EXPECT_EQ(*parse_time("2026-01-02T05:04:05+02:00"), time);
  EXPECT_EQ(*parse_time("2026-01-02T03:04:05.250000Z"), time + std::chrono::milliseconds(250));
  EXPECT_EQ(format_micro_time(time + std::chrono::microseconds(42)), "2026-01-02T03:04:05.000042Z");
}

TEST(ClockTest, times_too_far_to_be_counted_in_nanoseconds_are_the_furthest_that_can_be) {
  const Instant far = *parse_time("9999-12-31T23:59:59.999Z");
  EXPECT_GT(far, *parse_time("2260-01-01T00:00:00Z"));
  EXPECT_LT(*parse_time("0001-01-01T00:00:00-23:59"), *parse_time("1680-01-01T00:00:00Z"));
  EXPECT_EQ(instant_from_unix(std::numeric_limits<int64_t>::max()),
            instant_from_unix(std::numeric_limits<int64_t>::max() - 1));
  EXPECT_GT(far + std::chrono::hours(24 * 300), far);
}

TEST(ClockTest, what_is_not_a_time_is_refused) {
  for (const char* text :
       {"", "yesterday", "2026-01-02", "2026-01-02T03:04:05", "2026-01-02T03:04:05Zx"}) {
    EXPECT_FALSE(parse_time(text).ok()) << text;
  }
}

TEST(ClockTest, ages_read_as_kubectl_prints_them) {
  EXPECT_EQ(format_age(seconds(5)), "5s");
  EXPECT_EQ(format_age(seconds(119)), "119s");
  EXPECT_EQ(format_age(seconds(200)), "3m20s");
  EXPECT_EQ(format_age(minutes(59)), "59m");
  EXPECT_EQ(format_age(hours(5) + minutes(6)), "5h6m");
  EXPECT_EQ(format_age(hours(24 * 9)), "9d");
}

TEST(ClockTest, a_manual_clock_moves_only_when_told) {
  ManualClock clock;
  const Instant before = clock.now();
  EXPECT_EQ(clock.now(), before);
  clock.advance(seconds(3));
  EXPECT_EQ(clock.now() - before, seconds(3));
}

}  // namespace
}  // namespace capstan
