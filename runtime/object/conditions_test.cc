#include "runtime/object/conditions.h"

#include <gtest/gtest.h>

#include <random>

namespace capstan {
namespace {

const Instant kStart = *parse_time("2026-01-01T00:00:00Z");
const Instant kLater = kStart + std::chrono::minutes(1);

std::vector<std::string> types(const Json& object) {
  std::vector<std::string> out;
  for (const Json& condition : object["status"]["conditions"]) out.push_back(condition["type"]);
  return out;
}

TEST(ConditionsTest, the_transition_time_moves_only_with_the_status) {
  Json object = {{"metadata", {{"generation", 4}}}};
  EXPECT_TRUE(set_condition(object, {"Ready", "False", "Waiting"}, kStart));
  EXPECT_TRUE(set_condition(object, {"Ready", "False", "Waiting", "for the node"}, kLater));
  EXPECT_EQ(get_condition(object, "Ready"),
            (Condition{"Ready", "False", "Waiting", "for the node", "2026-01-01T00:00:00Z", 4}));
  EXPECT_TRUE(set_condition(object, {"Ready", "True", "Ready"}, kLater));
  EXPECT_EQ(get_condition(object, "Ready")->last_transition_time, "2026-01-01T00:01:00Z");
}

TEST(ConditionsTest, setting_what_stands_there_changes_nothing) {
  Json object;
  set_condition(object, {"Ready", "True", "Ready"}, kStart);
  const Json before = object;
  EXPECT_FALSE(set_condition(object, {"Ready", "True", "Ready"}, kLater));
  EXPECT_EQ(object, before);
}

TEST(ConditionsTest, a_new_generation_is_noted_without_a_transition) {
  Json object = {{"metadata", {{"generation", 1}}}};
  set_condition(object, {"Ready", "True", "Ready"}, kStart);
  object["metadata"]["generation"] = 2;
  EXPECT_TRUE(set_condition(object, {"Ready", "True", "Ready"}, kLater));
  EXPECT_EQ(get_condition(object, "Ready")->observed_generation, 2);
  EXPECT_EQ(get_condition(object, "Ready")->last_transition_time, "2026-01-01T00:00:00Z");
}

TEST(ConditionsTest, a_given_transition_time_is_kept) {
  Json object;
  set_condition(object, {"Ready", "True", "Ready", "", "2025-01-01T00:00:00Z"}, kStart);
  EXPECT_EQ(get_condition(object, "Ready")->last_transition_time, "2025-01-01T00:00:00Z");
}

TEST(ConditionsTest, the_list_is_in_cluster_apis_order_however_it_was_filled) {
  const std::vector<std::string> ordered = {"Available", "Ready",     "InfrastructureReady",
                                            "NodeReady", "ScalingUp", "MyGate",
                                            "YourGate",  "Paused",    "Deleting"};
  std::mt19937 random(7);
  for (int i = 0; i < 20; ++i) {
    std::vector<std::string> shuffled = ordered;
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    Json object;
    for (const std::string& type : shuffled) set_condition(object, {type, "True", "X"}, kStart);
    EXPECT_EQ(types(object), ordered);
  }
}

TEST(ConditionsTest, an_absent_condition_is_unknown) {
  Json object = {{"status", {{"conditions", "nonsense"}}}};
  EXPECT_TRUE(is_condition_unknown(object, "Ready"));
  EXPECT_FALSE(is_condition_true(object, "Ready"));
  EXPECT_FALSE(is_condition_false(object, "Ready"));
  EXPECT_EQ(condition_reason(object, "Ready"), "");
  set_condition(object, {"Ready", "True", "Fine"}, kStart);
  EXPECT_TRUE(is_condition_true(object, "Ready"));
  EXPECT_EQ(condition_reason(object, "Ready"), "Fine");
  EXPECT_TRUE(remove_condition(object, "Ready"));
  EXPECT_FALSE(remove_condition(object, "Ready"));
}

}  // namespace
}  // namespace capstan
