#include "runtime/object/old_conditions.h"

#include <gtest/gtest.h>

#include "runtime/object/conditions.h"

namespace capstan {
namespace {

using std::chrono::seconds;

const Instant kNow = parse_time("2026-01-01T00:00:00Z").value();

Json types(const Json& object) {
  Json found = Json::array();
  const Json* list = find(object, {"status", "deprecated", "v1beta1", "conditions"});
  if (list == nullptr) return found;
  for (const Json& condition : *list) found.push_back(condition["type"]);
  return found;
}

std::string time_of(const Json& object) {
  return get_string(object["status"]["deprecated"]["v1beta1"]["conditions"].at(0),
                    {"lastTransitionTime"});
}

TEST(OldConditionsTest, ready_stands_first_and_the_others_by_name) {
  Json object;
  for (const char* type : {"InfrastructureReady", "BootstrapReady", "Ready"}) {
    set_old_condition(object, {type, "True"}, kNow);
  }
  EXPECT_EQ(types(object), Json({"Ready", "BootstrapReady", "InfrastructureReady"}));
}

TEST(OldConditionsTest, the_time_moves_with_reason_and_message_and_not_without_a_change) {
  Json object;
  const OldCondition waiting{"Ready", "False", "Info", "Waiting", "for a"};
  set_old_condition(object, waiting, kNow);
  set_old_condition(object, waiting, kNow + seconds(5));
  EXPECT_EQ(time_of(object), "2026-01-01T00:00:00Z");
  set_old_condition(object, {"Ready", "False", "Info", "Waiting", "for b"}, kNow + seconds(9));
  EXPECT_EQ(time_of(object), "2026-01-01T00:00:09Z");
}

TEST(OldConditionsTest, a_mirror_has_severity_only_where_false_and_no_reason_where_true) {
  Json object;
  const OldMirror mirror{"BootstrapConfigReady", "BootstrapReady", "Info", "WaitingForDataSecret"};
  set_condition(object, {.type = "BootstrapConfigReady", .status = "True", .reason = "Ready"},
                kNow);
  mirror_old_condition(object, mirror, kNow);
  EXPECT_EQ(get_old_condition(object, "BootstrapReady"), (OldCondition{"BootstrapReady", "True"}));
  set_condition(object, {.type = "BootstrapConfigReady", .status = "False", .reason = "NotReady"},
                kNow);
  mirror_old_condition(object, mirror, kNow);
  EXPECT_EQ(get_old_condition(object, "BootstrapReady"),
            (OldCondition{"BootstrapReady", "False", "Info", "WaitingForDataSecret"}));
  set_condition(object, {.type = "BootstrapConfigReady", .status = "Unknown", .reason = "Down"},
                kNow);
  mirror_old_condition(object, mirror, kNow);
  EXPECT_EQ(get_old_condition(object, "BootstrapReady"),
            (OldCondition{"BootstrapReady", "Unknown", "", "Down"}));
  remove_condition(object, "BootstrapConfigReady");
  mirror_old_condition(object, mirror, kNow);
  EXPECT_EQ(get_old_condition(object, "BootstrapReady"), std::nullopt);
}

TEST(OldConditionsTest, the_worst_condition_makes_the_summary) {
  Json object;
  const OldSummary all{{"A", "B", "C"}};
  summarize_old_conditions(object, all, kNow);
  EXPECT_EQ(get_old_condition(object, "Ready"), std::nullopt);
  set_old_condition(object, {"A", "True"}, kNow);
  summarize_old_conditions(object, all, kNow);
  EXPECT_EQ(get_old_condition(object, "Ready"), (OldCondition{"Ready", "True"}));
  set_old_condition(object, {"B", "False", "Info", "Later"}, kNow);
  set_old_condition(object, {"C", "False", "Error", "Broken", "it fell"}, kNow);
  summarize_old_conditions(object, all, kNow);
  EXPECT_EQ(get_old_condition(object, "Ready"),
            (OldCondition{"Ready", "False", "Error", "Broken", "it fell"}));
}

TEST(OldConditionsTest, the_summary_counts_steps_until_something_else_is_told) {
  Json object;
  const OldSummary summary{{"A", "B", "Health"}, {"A", "B"}};
  set_old_condition(object, {"A", "True"}, kNow);
  set_old_condition(object, {"B", "False", "Info", "Later", "wait"}, kNow);
  summarize_old_conditions(object, summary, kNow);
  EXPECT_EQ(get_old_condition(object, "Ready")->message, "1 of 2 completed");
  set_old_condition(object, {"Health", "True"}, kNow);
  summarize_old_conditions(object, summary, kNow);
  EXPECT_EQ(get_old_condition(object, "Ready")->message, "wait");
}

TEST(OldConditionsTest, an_aggregate_names_the_object_that_is_not_ready) {
  Json object;
  aggregate_old_conditions(object, "MachinesReady",
                           {{"Machine/b", {"Ready", "False", "Info", "Later"}},
                            {"Machine/a", {"Ready", "True"}},
                            {"Machine/c", {"Ready", "False", "Info", "Waiting"}}},
                           4, kNow);
  EXPECT_EQ(
      get_old_condition(object, "MachinesReady"),
      (OldCondition{"MachinesReady", "False", "Info", "Later @ Machine/b", "1 of 4 completed"}));
  aggregate_old_conditions(object, "MachinesReady", {}, 0, kNow);
  EXPECT_EQ(get_old_condition(object, "MachinesReady"), (OldCondition{"MachinesReady", "True"}));
}

}  // namespace
}  // namespace capstan
