#include "runtime/lifecycle/machine_deployment/rollout.h"

#include <gtest/gtest.h>

namespace capstan::lifecycle {
namespace {

// A set that is at rest: all its Machines exist, none is being deleted.
SetState set(int64_t replicas, int64_t available) {
  return {"", replicas, replicas, available, replicas};
}

struct RolloutCase {
  const char* name;
  RolloutInput input;
  RolloutPlan expected;
};

class RollingUpdateTest : public testing::TestWithParam<RolloutCase> {};

TEST_P(RollingUpdateTest, plans) {
  EXPECT_EQ(plan_rolling_update(GetParam().input), GetParam().expected)
      << testing::PrintToString(plan_rolling_update(GetParam().input).current);
}

INSTANTIATE_TEST_SUITE_P(
    Table, RollingUpdateTest,
    testing::Values(
        RolloutCase{"a_first_set_gets_all", {3, 1, 0, set(0, 0), {}}, {3, {}}},
        RolloutCase{"surge_comes_first", {3, 1, 0, set(0, 0), {set(3, 3)}}, {1, {3}}},
        RolloutCase{
            "nothing_moves_until_it_is_available", {3, 1, 0, set(1, 0), {set(3, 3)}}, {1, {3}}},
        RolloutCase{"an_old_one_goes_for_a_new_one", {3, 1, 0, set(1, 1), {set(3, 3)}}, {1, {2}}},
        RolloutCase{"then_the_next_new_one_comes", {3, 1, 0, set(1, 1), {set(2, 2)}}, {2, {2}}},
        RolloutCase{
            "without_surge_an_old_one_goes_first", {3, 0, 1, set(0, 0), {set(3, 3)}}, {0, {2}}},
        RolloutCase{"unavailable_old_ones_go_at_once", {3, 1, 1, set(1, 1), {set(3, 1)}}, {1, {1}}},
        RolloutCase{"oldest_first", {4, 2, 0, set(2, 2), {set(2, 2), set(2, 2)}}, {2, {0, 2}}},
        RolloutCase{"scaling_down_a_finished_rollout", {1, 1, 0, set(3, 3), {}}, {1, {}}},
        RolloutCase{"machines_on_their_way_out_take_room",
                    {3, 1, 0, {"", 1, 1, 1, 1}, {{"", 2, 3, 3, 2}}},
                    {1, {2}}},
        RolloutCase{"a_deadlock_is_broken", {3, 1, 0, set(1, 0), {set(3, 0)}}, {1, {2}}},
        RolloutCase{
            "a_large_surge_replaces_all_at_once", {3, 3, 0, set(0, 0), {set(3, 3)}}, {3, {3}}}),
    [](const auto& info) { return info.param.name; });

TEST(RolloutTest, machines_that_exist_stay_between_the_bounds_all_the_way) {
  for (int64_t desired = 1; desired <= 6; ++desired) {
    for (int64_t surge = 0; surge <= 3; ++surge) {
      for (int64_t unavailable = surge == 0 ? 1 : 0; unavailable <= std::min<int64_t>(2, desired);
           ++unavailable) {
        RolloutInput input{desired, surge, unavailable, set(0, 0), {set(desired, desired)}};
        int rounds = 0;
        while (!rollout_complete(input) && rounds++ < 50) {
          const RolloutPlan plan = plan_rolling_update(input);
          ASSERT_LE(plan.current + plan.old[0], desired + surge);
          // What goes goes at once, what comes is not available at first.
          ASSERT_GE(input.current.available + std::min(plan.old[0], input.old[0].available),
                    desired - unavailable);
          const int64_t available = input.current.available;
          input.current =
              set(plan.current, plan.current == input.current.spec ? plan.current : available);
          input.old[0] = set(plan.old[0], plan.old[0]);
        }
        EXPECT_TRUE(rollout_complete(input))
            << desired << " surge " << surge << " unavailable " << unavailable;
      }
    }
  }
}

TEST(RolloutTest, on_delete_replaces_only_what_users_deleted) {
  EXPECT_EQ(plan_on_delete({3, 1, 0, set(0, 0), {set(3, 3)}}), (RolloutPlan{0, {3}}));
  // One of three is being deleted: the old set shrinks, and there is room once it is gone.
  EXPECT_EQ(plan_on_delete({3, 1, 0, set(0, 0), {{"", 3, 3, 2, 2}}}), (RolloutPlan{0, {2}}));
  EXPECT_EQ(plan_on_delete({3, 1, 0, set(0, 0), {set(2, 2)}}), (RolloutPlan{1, {2}}));
}

TEST(RolloutTest, on_delete_shrinks_old_sets_when_fewer_are_wanted) {
  EXPECT_EQ(plan_on_delete({2, 1, 0, set(1, 1), {set(3, 3)}}), (RolloutPlan{1, {1}}));
}

TEST(RolloutTest, a_paused_deployment_shares_a_change_out_in_proportion) {
  EXPECT_EQ(plan_paused({10, 0, 1, set(2, 2), {set(3, 3)}}), (RolloutPlan{4, {6}}));
  EXPECT_EQ(plan_paused({5, 0, 1, set(2, 2), {set(3, 3)}}), (RolloutPlan{2, {3}}));
  EXPECT_EQ(plan_paused({4, 1, 0, set(3, 3), {}}), (RolloutPlan{4, {}}));
}

TEST(RolloutTest, bounds_that_are_both_zero_let_one_be_unavailable) {
  int64_t surge = 0;
  int64_t unavailable = 0;
  resolve_fenceposts(surge, unavailable);
  EXPECT_EQ(surge, 0);
  EXPECT_EQ(unavailable, 1);
}

}  // namespace
}  // namespace capstan::lifecycle
