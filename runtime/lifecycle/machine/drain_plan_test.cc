#include "runtime/lifecycle/machine/drain_plan.h"

#include <gtest/gtest.h>

namespace capstan::lifecycle {
namespace {

const Instant kNow = parse_time("2026-06-01T00:00:00Z").value();

Json pod(const std::string& name, Json extra = Json::object()) {
  Json pod = {{"metadata", {{"name", name}, {"namespace", "prod"}}}};
  merge_patch(pod, extra);
  return pod;
}

Json labelled(const std::string& name, const char* key, const char* value) {
  return pod(name, {{"metadata", {{"labels", {{key, value}}}}}});
}

std::string names(const std::vector<const Json*>& pods) {
  std::string all;
  for (const Json* p : pods) all += get_string(*p, {"metadata", "name"}) + " ";
  return all;
}

ObjectPtr rule(const std::string& name, Json spec) {
  return Object::from_json({{"apiVersion", "cluster.x-k8s.io/v1beta2"},
                            {"kind", "MachineDrainRule"},
                            {"metadata", {{"name", name}}},
                            {"spec", std::move(spec)}})
      .value();
}

DrainPlan plan(const std::vector<Json>& pods, const std::vector<DrainRule>& rules = {},
               bool unreachable = false) {
  static const std::map<std::string, Labels> kNamespaces;
  return plan_drain(pods, {rules, kNamespaces, unreachable, kNow});
}

TEST(DrainPlanTest, daemon_sets_static_pods_and_exempt_pods_are_left_alone) {
  const Json daemon =
      pod("daemon",
          {{"metadata", {{"ownerReferences", {{{"kind", "DaemonSet"}, {"controller", true}}}}}}});
  const Json mirror =
      pod("mirror", {{"metadata", {{"annotations", {{"kubernetes.io/config.mirror", "x"}}}}}});
  const Json exempt = labelled("exempt", "cluster.x-k8s.io/drain", "skip");
  EXPECT_TRUE(plan({daemon, mirror, exempt}).done());
}

TEST(DrainPlanTest, a_pod_that_terminates_is_waited_for_and_not_evicted_again) {
  const std::vector<Json> pods = {
      pod("going", {{"metadata", {{"deletionTimestamp", "2026-05-31T23:59:00Z"}}}}), pod("web")};
  const DrainPlan found = plan(pods);
  EXPECT_EQ(names(found.evict), "web ");
  EXPECT_EQ(names(found.terminating), "going ");
}

TEST(DrainPlanTest, on_an_unreachable_node_terminating_pods_count_as_gone) {
  const std::vector<Json> pods = {
      pod("going", {{"metadata", {{"deletionTimestamp", "2026-05-31T23:59:00Z"}}}})};
  EXPECT_TRUE(plan(pods, {}, true).done());
}

TEST(DrainPlanTest, a_pod_that_may_complete_is_waited_for) {
  const std::vector<Json> pods = {labelled("job", "cluster.x-k8s.io/drain", "wait-completed")};
  EXPECT_EQ(names(plan(pods).completing), "job ");
  Json ended = pods[0];
  ended["status"]["phase"] = "Succeeded";
  EXPECT_TRUE(plan({ended}).done());
}

TEST(DrainPlanTest, the_lowest_order_goes_first) {
  const auto rules = drain_rules(
      {rule("a-late", {{"drain", {{"behavior", "Drain"}, {"order", 5}}},
                       {"pods", {{{"selector", {{"matchLabels", {{"app", "db"}}}}}}}}})},
      {}, {});
  ASSERT_TRUE(rules.ok());
  const std::vector<Json> pods = {labelled("db", "app", "db"), pod("web")};
  EXPECT_EQ(names(plan(pods, *rules).evict), "web ");
  EXPECT_EQ(names(plan(pods, *rules).later), "db ");
  EXPECT_EQ(names(plan({pods[0]}, *rules).evict), "db ");
}

TEST(DrainPlanTest, the_first_matching_rule_counts_and_only_on_its_machines) {
  const Objects objects = {
      rule("a", {{"drain", {{"behavior", "Skip"}}},
                 {"machines", {{{"selector", {{"matchLabels", {{"pool", "x"}}}}}}}}}),
      rule("b", {{"drain", {{"behavior", "Drain"}, {"order", 3}}}})};
  EXPECT_TRUE(plan({pod("web")}, *drain_rules(objects, {{"pool", "x"}}, {})).done());
  EXPECT_EQ(names(plan({pod("web")}, *drain_rules(objects, {}, {})).evict), "web ");
}

}  // namespace
}  // namespace capstan::lifecycle
