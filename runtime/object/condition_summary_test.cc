#include "runtime/object/condition_summary.h"

#include <gtest/gtest.h>

namespace capstan {
namespace {

const Instant kNow = *parse_time("2026-01-01T00:00:00Z");

Json machine(const std::string& name, const std::vector<Condition>& conditions,
             bool control_plane = false) {
  Json object = {{"kind", "Machine"}, {"metadata", {{"name", name}}}};
  if (control_plane) object["metadata"]["labels"]["cluster.x-k8s.io/control-plane"] = "";
  for (const Condition& condition : conditions) set_condition(object, condition, kNow);
  return object;
}

SummaryOptions ready_options() {
  return {.types = {"InfrastructureReady", "NodeHealthy", "Deleting"},
          .negative = {"Deleting"},
          .reasons = {"NotReady", "ReadyUnknown", "Ready"}};
}

TEST(SummaryTest, all_in_order_is_true_without_a_message) {
  const Json object = machine("m", {{"InfrastructureReady", "True", "Ready"},
                                    {"NodeHealthy", "True", "Healthy"},
                                    {"Deleting", "False", "NotDeleting"}});
  EXPECT_EQ(summarize_conditions(object, "Ready", ready_options()),
            (Condition{"Ready", "True", "Ready", ""}));
}

TEST(SummaryTest, issues_and_unknowns_are_told_in_order_of_relevance) {
  const Json object = machine("m", {{"Deleting", "True", "Deleting", "draining"},
                                    {"InfrastructureReady", "False", "Waiting"}});
  EXPECT_EQ(summarize_conditions(object, "Ready", ready_options()),
            (Condition{"Ready", "False", "NotReady",
                       "* InfrastructureReady: Waiting\n"
                       "* NodeHealthy: Condition not yet reported\n"
                       "* Deleting: draining"}));
}

TEST(SummaryTest, a_missing_condition_is_unknown_unless_ignored) {
  const Json object = machine(
      "m", {{"InfrastructureReady", "True", "Ready"}, {"Deleting", "False", "NotDeleting"}});
  EXPECT_EQ(summarize_conditions(object, "Ready", ready_options()).status, "Unknown");
  SummaryOptions options = ready_options();
  options.ignore_if_missing = {"NodeHealthy"};
  EXPECT_EQ(summarize_conditions(object, "Ready", options).status, "True");
}

TEST(SummaryTest, information_is_told_only_where_nothing_is_wrong) {
  SummaryOptions options = ready_options();
  options.ignore_if_missing = options.types;
  EXPECT_EQ(summarize_conditions(machine("m", {{"InfrastructureReady", "True", "Ready", "all up"}}),
                                 "Ready", options)
                .message,
            "* InfrastructureReady: all up");
  EXPECT_EQ(summarize_conditions(machine("m", {{"InfrastructureReady", "True", "Ready", "all up"},
                                               {"NodeHealthy", "False", "Lost", "gone"}}),
                                 "Ready", options)
                .message,
            "* NodeHealthy: gone");
}

TEST(SummaryTest, a_message_of_several_lines_is_indented_in_bullets) {
  SummaryOptions options = ready_options();
  options.ignore_if_missing = options.types;
  EXPECT_EQ(summarize_conditions(
                machine("m", {{"NodeHealthy", "False", "X", "* disk full\n* no network"}}), "Ready",
                options)
                .message,
            "* NodeHealthy:\n  * disk full\n  * no network");
  EXPECT_EQ(summarize_conditions(machine("m", {{"NodeHealthy", "False", "X", "two:\n* a"}}),
                                 "Ready", options)
                .message,
            "* NodeHealthy:\n  * two:\n    * a");
}

TEST(SummaryTest, an_override_stands_in_for_an_existing_condition) {
  SummaryOptions options = ready_options();
  options.ignore_if_missing = options.types;
  options.overrides = {{"NodeHealthy", "True", "Healthy"}};
  EXPECT_EQ(
      summarize_conditions(machine("m", {{"NodeHealthy", "False", "X"}}), "Ready", options).status,
      "True");
}

TEST(AggregateTest, objects_that_say_the_same_share_a_line) {
  const std::vector<Json> machines = {
      machine("e", {{"Ready", "False", "X", "no node"}}),
      machine("a", {{"Ready", "False", "X", "no node"}}),
      machine("b", {{"Ready", "False", "X", "no node"}}),
      machine("c", {{"Ready", "False", "X", "no node"}}),
      machine("d", {{"Ready", "True", "X"}}),
      machine("cp", {{"Ready", "Unknown", "X", "lost"}}, true),
      machine("f", {}),
  };
  std::vector<const Json*> objects;
  for (const Json& object : machines) objects.push_back(&object);
  EXPECT_EQ(aggregate_conditions(objects, "Ready", "MachinesReady",
                                 {.reasons = {"NotReady", "ReadyUnknown", "Ready"}}),
            (Condition{"MachinesReady", "False", "NotReady",
                       "* Machine cp: lost\n"
                       "* Machines a, b, c, ... (1 more): no node\n"
                       "* Machine f: Condition Ready not yet reported"}));
}

TEST(AggregateTest, only_three_messages_are_told_and_the_rest_counted) {
  std::vector<Json> machines;
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    machines.push_back(machine(name, {{"Ready", "False", "X", std::string("says ") + name}}));
  }
  machines.push_back(machine("u", {}));
  std::vector<const Json*> objects;
  for (const Json& object : machines) objects.push_back(&object);
  EXPECT_EQ(aggregate_conditions(objects, "Ready", "MachinesReady", {}).message,
            "* Machine a: says a\n* Machine b: says b\n* Machine c: says c\n"
            "And 2 Machines with other issues\nAnd 1 Machine with status unknown");
}

TEST(AggregateTest, a_condition_of_negative_polarity_gives_one) {
  const Json up = machine("a", {{"ScalingUp", "True", "ScalingUp", "1 of 3"}});
  const Json idle = machine("b", {{"ScalingUp", "False", "NotScalingUp"}});
  EXPECT_EQ(aggregate_conditions({&up, &idle}, "ScalingUp", "ScalingUp",
                                 {.negative = true, .reasons = {"ScalingUp", "Unknown", "Not"}}),
            (Condition{"ScalingUp", "True", "ScalingUp", "* Machine a: 1 of 3"}));
  EXPECT_EQ(aggregate_conditions({&idle}, "ScalingUp", "ScalingUp", {.negative = true}).status,
            "False");
}

TEST(MirrorTest, keeps_what_the_other_object_says_and_since_when) {
  const Json infra = machine("i", {{"Ready", "False", "Waiting", "for a server"}});
  EXPECT_EQ(mirror_condition(&infra, "Ready", "InfrastructureReady"),
            (Condition{"InfrastructureReady", "False", "Waiting", "for a server",
                       "2026-01-01T00:00:00Z"}));
}

TEST(MirrorTest, a_missing_condition_gives_the_fallback_or_unknown) {
  EXPECT_EQ(mirror_condition(nullptr, "Ready", "InfrastructureReady",
                             {.type = "", .status = "False", .reason = "NotReady"}),
            (Condition{"InfrastructureReady", "False", "NotReady"}));
  EXPECT_EQ(mirror_condition(nullptr, "Ready", "InfrastructureReady"),
            (Condition{"InfrastructureReady", "Unknown", "NotYetReported",
                       "Condition Ready not yet reported"}));
}

}  // namespace
}  // namespace capstan
