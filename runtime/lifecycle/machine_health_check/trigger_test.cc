#include "runtime/lifecycle/machine_health_check/trigger.h"

#include <gtest/gtest.h>

namespace capstan::lifecycle {
namespace {

Json spec(Json trigger) {
  return {{"remediation", {{"triggerIf", std::move(trigger)}}}};
}

TEST(RemediationTriggerTest, without_a_limit_all_may_be_unhealthy) {
  const Trigger trigger = remediation_trigger(Json::object(), 3, 3).value();
  EXPECT_TRUE(trigger.allowed);
  EXPECT_EQ(trigger.left, 0);
}

TEST(RemediationTriggerTest, a_percentage_is_rounded_down) {
  const Json limit = spec({{"unhealthyLessThanOrEqualTo", "40%"}});
  EXPECT_TRUE(remediation_trigger(limit, 4, 1).value().allowed);
  const Trigger refused = remediation_trigger(limit, 4, 2).value();
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.message,
            "Remediation is not allowed, the number of not started or unhealthy machines exceeds "
            "maxUnhealthy (total: 4, unhealthy: 2, maxUnhealthy: 40%)");
}

TEST(RemediationTriggerTest, a_range_counts_more_than_a_limit_and_has_both_ends_in_it) {
  const Json both = spec({{"unhealthyInRange", "[1-2]"}, {"unhealthyLessThanOrEqualTo", 9}});
  const std::pair<int, bool> cases[] = {{0, false}, {1, true}, {2, true}, {3, false}};
  for (const auto& [unhealthy, allowed] : cases) {
    EXPECT_EQ(remediation_trigger(both, 5, unhealthy).value().allowed, allowed) << unhealthy;
  }
  EXPECT_EQ(remediation_trigger(both, 5, 1).value().left, 1);
}

TEST(RemediationTriggerTest, what_is_no_range_is_an_error) {
  for (const char* text : {"[5-2]", "1-2", "[1-]", "[a-b]", "[-1-2]"}) {
    const auto result = remediation_trigger(spec({{"unhealthyInRange", text}}), 5, 1);
    EXPECT_EQ(result.code(), Code::kInvalid) << text;
  }
}

}  // namespace
}  // namespace capstan::lifecycle
