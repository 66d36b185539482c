#include "runtime/lifecycle/admission/admissions.h"

#include <gtest/gtest.h>

namespace capstan::lifecycle {
namespace {

constexpr char kGroup[] = "cluster.x-k8s.io";

Result<Json> admit(const GroupKind& id, Json object, const Json* old = nullptr) {
  Kind kind;
  kind.id = id;
  for (const auto& admission : admissions()) {
    auto admitted = admission->admit(kind, object, old);
    if (!admitted.ok()) return std::move(admitted).error();
  }
  return object;
}

Json owner(Json spec = Json::object()) {
  Json object = {{"metadata", {{"name", "md"}}},
                 {"spec",
                  {{"clusterName", "a"},
                   {"template", {{"spec", {{"clusterName", "a"}, {"version", "1.33.0"}}}}}}}};
  merge_patch(object["spec"], spec);
  return object;
}

const GroupKind kDeployment{kGroup, "MachineDeployment"};
const GroupKind kSet{kGroup, "MachineSet"};
const GroupKind kOneMachine{kGroup, "Machine"};
const GroupKind kCluster{kGroup, "Cluster"};

std::string refused(const Result<Json>& result) {
  return result.ok() || result.error().fields.empty() ? "" : result.error().fields[0].field;
}

TEST(AdmissionTest, a_machine_deployment_gets_its_defaults) {
  const Json md = admit(kDeployment, owner()).value();
  EXPECT_EQ(get_int(md, {"spec", "replicas"}), 1);
  const Json* strategy = find(md, {"spec", "rollout", "strategy"});
  ASSERT_NE(strategy, nullptr);
  EXPECT_EQ(*strategy, (Json{{"type", "RollingUpdate"},
                             {"rollingUpdate", {{"maxSurge", 1}, {"maxUnavailable", 0}}}}));
  const Json labels = {{"cluster.x-k8s.io/deployment-name", "md"},
                       {"cluster.x-k8s.io/cluster-name", "a"}};
  EXPECT_EQ(*find(md, {"spec", "selector", "matchLabels"}), labels);
  EXPECT_EQ(*find(md, {"spec", "template", "metadata", "labels"}), labels);
  EXPECT_EQ(get_string(md, {"spec", "template", "spec", "version"}), "v1.33.0");
}

TEST(AdmissionTest, admitting_twice_changes_nothing) {
  for (const GroupKind& kind : {kDeployment, kSet}) {
    const Json once = admit(kind, owner()).value();
    EXPECT_EQ(admit(kind, once, &once).value(), once) << kind.kind;
  }
}

TEST(AdmissionTest, an_autoscaler_gives_the_first_number_of_replicas) {
  Json md = owner();
  md["metadata"]["annotations"] = {
      {"cluster.x-k8s.io/cluster-api-autoscaler-node-group-min-size", "3"},
      {"cluster.x-k8s.io/cluster-api-autoscaler-node-group-max-size", "5"}};
  EXPECT_EQ(get_int(admit(kDeployment, md).value(), {"spec", "replicas"}), 3);
  const Json old = owner({{"replicas", 9}});
  EXPECT_EQ(get_int(admit(kDeployment, md, &old).value(), {"spec", "replicas"}), 5);
}

TEST(AdmissionTest, what_cannot_work_is_refused_with_its_field) {
  EXPECT_EQ(refused(admit(kDeployment, owner({{"replicas", -1}}))), "spec.replicas");
  EXPECT_EQ(refused(admit(kSet, owner({{"replicas", -1}}))), "spec.replicas");
  EXPECT_EQ(refused(admit(kDeployment, owner({{"template", {{"spec", {{"clusterName", "b"}}}}}}))),
            "spec.template.spec.clusterName");
  EXPECT_EQ(refused(admit(kDeployment, owner({{"template", {{"spec", {{"version", "new"}}}}}}))),
            "spec.template.spec.version");
  EXPECT_EQ(
      refused(admit(kDeployment,
                    owner({{"rollout",
                            {{"strategy",
                              {{"rollingUpdate", {{"maxSurge", 0}, {"maxUnavailable", 0}}}}}}}}))),
      "spec.rollout.strategy.rollingUpdate.maxUnavailable");
  EXPECT_EQ(refused(admit(kDeployment, owner({{"selector", {{"matchLabels", {{"app", "x"}}}}}}))),
            "spec.template.metadata.labels");
}

TEST(AdmissionTest, the_cluster_of_a_machine_never_changes) {
  const Json old = {{"metadata", {{"name", "m"}}},
                    {"spec", {{"clusterName", "a"}, {"bootstrap", {{"dataSecretName", "s"}}}}}};
  Json machine = old;
  machine["spec"]["clusterName"] = "b";
  EXPECT_EQ(refused(admit(kOneMachine, machine, &old)), "spec.clusterName");
  EXPECT_EQ(
      get_int(admit(kOneMachine, old).value(), {"spec", "deletion", "nodeDeletionTimeoutSeconds"}),
      10);
}

TEST(AdmissionTest, a_cluster_of_a_ClusterClass_is_refused_unless_it_is_stored_already) {
  const Json cluster = {
      {"metadata", {{"name", "c"}}},
      {"spec", {{"topology", {{"classRef", {{"name", "quick-start"}}}, {"version", "v1.34.2"}}}}}};
  EXPECT_EQ(refused(admit(kCluster, cluster)), "spec.topology");
  EXPECT_TRUE(admit(kCluster, cluster, &cluster).ok());
  const Json plain = {{"metadata", {{"name", "c"}}}, {"spec", {{"paused", true}}}};
  EXPECT_EQ(refused(admit(kCluster, cluster, &plain)), "spec.topology");
}

TEST(AdmissionTest, a_template_is_replaced_and_not_changed) {
  const GroupKind kind{"infrastructure.cluster.x-k8s.io", "DevMachineTemplate"};
  const Json old = {{"spec", {{"template", {{"spec", {{"size", 1}}}}}}}};
  Json changed = old;
  changed["spec"]["template"]["spec"]["size"] = 2;
  EXPECT_EQ(refused(admit(kind, changed, &old)), "spec.template.spec");
  changed["metadata"]["annotations"]["topology.cluster.x-k8s.io/dry-run"] = "";
  EXPECT_TRUE(admit(kind, changed, &old).ok());
  EXPECT_TRUE(admit(kind, old, &old).ok());
}

Json health_check(Json spec = Json::object()) {
  Json object = {{"metadata", {{"name", "check"}}},
                 {"spec", {{"clusterName", "a"}, {"selector", {{"matchLabels", {{"x", "y"}}}}}}}};
  merge_patch(object["spec"], spec);
  return object;
}

TEST(AdmissionTest, a_health_check_gets_its_defaults_and_keeps_its_cluster) {
  const GroupKind kind{kGroup, "MachineHealthCheck"};
  const Json once = admit(kind, health_check()).value();
  EXPECT_EQ(get_int(once, {"spec", "checks", "nodeStartupTimeoutSeconds"}), 600);
  EXPECT_EQ(get_string(once, {"metadata", "labels", "cluster.x-k8s.io/cluster-name"}), "a");
  EXPECT_EQ(refused(admit(kind, health_check({{"clusterName", "b"}}), &once)), "spec.clusterName");
}

TEST(AdmissionTest, a_health_check_needs_a_selector_and_limits_that_can_be_read) {
  const GroupKind kind{kGroup, "MachineHealthCheck"};
  const std::pair<Json, const char*> cases[] = {
      {{{"selector", {{"matchLabels", nullptr}}}}, "spec.selector"},
      {{{"checks", {{"nodeStartupTimeoutSeconds", 29}}}}, "spec.checks.nodeStartupTimeoutSeconds"},
      {{{"remediation", {{"triggerIf", {{"unhealthyLessThanOrEqualTo", "many"}}}}}},
       "spec.remediation.triggerIf.unhealthyLessThanOrEqualTo"}};
  for (const auto& [spec, field] : cases)
    EXPECT_EQ(refused(admit(kind, health_check(spec))), field);
  EXPECT_TRUE(admit(kind, health_check({{"checks", {{"nodeStartupTimeoutSeconds", 0}}}})).ok());
}

}  // namespace
}  // namespace capstan::lifecycle
