#include "runtime/isolation/restart_policy.h"

#include <gtest/gtest.h>

namespace capstan::isolation {
namespace {

using namespace std::chrono_literals;

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

class RestartPolicyTest : public testing::Test {
 protected:
  double refused_after(Duration pause) {
    clock_.advance(pause);
    return seconds(policy_.refused(clock_.monotonic()));
  }
  ManualClock clock_;
  SeededRandom random_{1};
  RestartPolicy policy_{{}, random_};
};

TEST_F(RestartPolicyTest, delays_double_from_one_second_to_five_minutes) {
  for (const double expected : {1., 2., 4., 8., 16., 32., 64., 128., 256., 300., 300.}) {
    EXPECT_NEAR(refused_after(1s), expected, expected * 0.1001);
  }
}

TEST_F(RestartPolicyTest, after_ten_minutes_of_running_the_delays_begin_anew) {
  for (int i = 0; i < 6; ++i) (void)refused_after(1s);
  EXPECT_NEAR(refused_after(12min), 1., 0.1001);
}

TEST_F(RestartPolicyTest, the_fifth_crash_within_ten_minutes_is_quarantine) {
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(policy_.crashed(clock_.monotonic()).has_value()) << i;
    clock_.advance(2min);
  }
  EXPECT_FALSE(policy_.crashed(clock_.monotonic()).has_value());
}

TEST_F(RestartPolicyTest, crashes_that_are_far_apart_are_no_reason_for_quarantine) {
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(policy_.crashed(clock_.monotonic()).has_value()) << i;
    clock_.advance(151s);
  }
}

TEST_F(RestartPolicyTest, once_forgotten_it_may_crash_as_often_again) {
  while (policy_.crashed(clock_.monotonic())) {
  }
  policy_.forget();
  const auto delay = policy_.crashed(clock_.monotonic());
  ASSERT_TRUE(delay.has_value());
  EXPECT_NEAR(seconds(*delay), 1., 0.1001);
}

}  // namespace
}  // namespace capstan::isolation
