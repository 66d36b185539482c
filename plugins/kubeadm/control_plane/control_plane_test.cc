#include <gmock/gmock.h>

#include "plugins/kubeadm/control_plane/remediation.h"
#include "plugins/kubeadm/control_plane/testing.h"
#include "plugins/kubeadm/old_conditions.h"

namespace capstan::kubeadm {
namespace {

using sdk::find_at;
using sdk::string_at;

TEST_F(ControlPlaneTest, the_end_of_a_machines_certificates_is_asked_once_and_kept_at_its_config) {
  add_machines(1);
  plane.step();
  EXPECT_EQ(
      patch_of("KubeadmConfig", "m0"),
      (Json{{"metadata", {{"annotations", {{kCertificatesExpiry, "2027-01-01T00:00:00Z"}}}}}}));
  plane.relations["configs"][0]["metadata"]["annotations"] = {{kCertificatesExpiry, "x"}};
  plane.step();
  EXPECT_EQ(patch_of("KubeadmConfig", "m0"), Json());
}

TEST_F(ControlPlaneTest, a_machine_whose_certificates_end_soon_is_replaced_where_the_spec_says_so) {
  add_machines(1);
  machine(0)["status"]["certificatesExpiryDate"] = "2026-01-08T00:00:00Z";
  plane.step();
  EXPECT_EQ(reason_of("m0", "UpToDate"), "UpToDate");
  EXPECT_EQ(names("create").size(), 0u);
  plane.object["spec"]["rollout"]["before"] = {{"certificatesExpiryDays", 8}};
  plane.step();
  EXPECT_EQ(reason_of("m0", "UpToDate"), "NotUpToDate");
  EXPECT_EQ(names("create").size(), 3u);
}

TEST_F(ControlPlaneTest, of_a_look_that_was_broken_off_nothing_is_told) {
  add_machines(3);
  plane.step();
  ASSERT_EQ(plane.condition("Available"), "True");
  const Json before = plane.object;
  const auto expect_silence = [&](const char* what) {
    plane.step();
    EXPECT_EQ(plane.last.status, CAPSTAN_CANCELLED) << what;
    EXPECT_EQ(plane.object, before) << what;
    EXPECT_FALSE(plane.last.reply.contains("conditionsOf")) << what;
  };
  const auto broken_off = [](const std::string&, const Json&) -> sdk::Expected<sdk::HttpAnswer> {
    return sdk::Error::cancelled("the request was given up");
  };
  const auto well = host.workload;
  host.workload = broken_off;
  expect_silence("while the API server was asked");
  host.workload = well;
  const auto pods_well = std::exchange(host.pod, broken_off);
  expect_silence("while etcd was asked");
  host.pod = pods_well;
  plugin.cancelled = true;
  expect_silence("while nothing was asked");
  plugin.cancelled = false;
  plane.step();
  EXPECT_EQ(plane.last.status, CAPSTAN_OK);
}

TEST_F(ControlPlaneTest, an_unhealthy_machine_is_deleted_where_the_others_can_carry_the_cluster) {
  add_machines(3);
  make_unhealthy(1);
  break_node("m1");
  plane.step();
  EXPECT_EQ(names("delete"), std::vector<std::string>{"m1"});
  EXPECT_EQ(reason_of("m1", "OwnerRemediated"), "MachineDeleting");
  EXPECT_EQ(Json::parse(annotation(kRemediationInProgress)),
            (Json{{"machine", "m1"}, {"timestamp", kNow}, {"retryCount", 0}}));
  EXPECT_EQ(plane.condition("Remediating"), "True");
  plane.step();
  EXPECT_EQ(names("delete").size(), 0u);  // one is under way
  EXPECT_EQ(string_at(plane.object, "status/lastRemediation/machine"), "m1");
}

TEST_F(ControlPlaneTest, a_machine_whose_removal_would_cost_the_quorum_stays) {
  add_machines(3);
  make_unhealthy(1);
  break_node("m1");
  break_node("m2");
  plane.step();
  EXPECT_EQ(names("delete").size(), 0u);
  EXPECT_EQ(reason_of("m1", "OwnerRemediated"), "CannotBeRemediated");
  EXPECT_EQ(annotation(kRemediationInProgress), "");
}

TEST_F(ControlPlaneTest, a_member_that_is_in_the_list_but_dead_goes_before_one_that_answers) {
  add_machines(3);
  make_unhealthy(0);
  make_unhealthy(1);
  silent = {"m1"};
  plane.step();
  EXPECT_EQ(names("delete"), std::vector<std::string>{"m1"});
  EXPECT_EQ(reason_of("m1", "EtcdMemberHealthy"), "InspectionFailed");
}

TEST_F(ControlPlaneTest, a_member_that_answers_stays_while_its_removal_would_leave_dead_ones) {
  add_machines(3);
  make_unhealthy(0);
  silent = {"m1"};
  plane.step();
  EXPECT_EQ(names("delete").size(), 0u);
  EXPECT_EQ(reason_of("m0", "OwnerRemediated"), "CannotBeRemediated");
}

TEST_F(ControlPlaneTest, of_two_members_that_do_not_answer_none_is_removed) {
  add_machines(3);
  make_unhealthy(0);
  make_unhealthy(1);
  silent = {"m0", "m1"};
  plane.step();
  EXPECT_EQ(names("delete").size(), 0u);
  EXPECT_EQ(reason_of("m0", "OwnerRemediated"), "CannotBeRemediated");
}

TEST_F(ControlPlaneTest, a_member_with_an_alarm_or_without_a_leader_is_not_healthy) {
  add_machines(3);
  alarms = {{{"memberID", "2"}, {"alarm", "NOSPACE"}}};
  without_leader = {"m2"};
  plane.step();
  EXPECT_EQ(reason_of("m0", "EtcdMemberHealthy"), "Healthy");
  EXPECT_EQ(reason_of("m1", "EtcdMemberHealthy"), "NotHealthy");
  EXPECT_EQ(reason_of("m2", "EtcdMemberHealthy"), "NotHealthy");
  EXPECT_EQ(plane.condition("Available"), "False") << "one of three is no majority";
}

TEST_F(ControlPlaneTest, a_machine_leaves_etcd_by_a_member_that_answers) {
  add_machines(5);
  delete_machine(2);
  silent = {"m0"};
  plane.step();
  EXPECT_EQ(plane.last.status, CAPSTAN_OK);
  EXPECT_TRUE(hook_is_taken("m2"));
  EXPECT_THAT(etcd_calls, testing::Contains("m1 remove"));
}

TEST_F(ControlPlaneTest, a_machine_stays_whose_member_the_majority_needs) {
  add_machines(3);
  delete_machine(2);
  silent = {"m0"};
  plane.step();
  EXPECT_EQ(plane.last.status, CAPSTAN_FAILED_PRECONDITION);
  EXPECT_FALSE(hook_is_taken("m2"));
  EXPECT_THAT(member_names(), testing::Contains("m2"));
}

TEST_F(ControlPlaneTest, a_machine_stays_while_no_other_one_serves) {
  add_machines(3);
  delete_machine(2);
  for (Json& pod : pods) {
    const std::string name = string_at(pod, "metadata/name");
    if (name == "kube-scheduler-m0" || name == "kube-apiserver-m1") {
      pod["status"]["conditions"] = Json::array({condition("Ready", "False")});
    }
  }
  plane.step();
  EXPECT_EQ(plane.last.status, CAPSTAN_FAILED_PRECONDITION);
  EXPECT_FALSE(hook_is_taken("m2"));
  EXPECT_THAT(member_names(), testing::Contains("m2"));
}

TEST_F(ControlPlaneTest, the_last_machine_may_always_go) {
  add_machines(1);
  delete_machine(0);
  break_node("m0");
  plane.step();
  EXPECT_TRUE(hook_is_taken("m0"));
}

TEST_F(ControlPlaneTest, no_machine_is_let_go_while_another_one_goes) {
  add_machines(5);
  delete_machine(1);
  delete_machine(2);
  machine(1)["metadata"]["annotations"].erase(kCleanupHook);
  plane.step();
  EXPECT_FALSE(hook_is_taken("m2"));
  EXPECT_THAT(member_names(), testing::Contains("m2"));
}

TEST_F(ControlPlaneTest, the_machine_that_was_deleted_first_goes_first) {
  add_machines(5);
  delete_machine(1);
  delete_machine(2);
  machine(2)["metadata"]["deletionTimestamp"] = "2025-12-31T23:00:00Z";
  plane.step();
  EXPECT_FALSE(hook_is_taken("m1"));
  EXPECT_TRUE(hook_is_taken("m2"));
}

TEST_F(ControlPlaneTest, a_control_plane_that_goes_as_a_whole_waits_for_no_health) {
  add_machines(3);
  for (size_t i = 0; i < 3; ++i) delete_machine(i);
  pods = Json::array();
  silent = {"m0", "m1", "m2"};
  plane.object["metadata"]["deletionTimestamp"] = kNow;
  plane.step();
  for (const char* name : {"m0", "m1", "m2"}) EXPECT_TRUE(hook_is_taken(name)) << name;
}

TEST_F(ControlPlaneTest, a_machine_that_was_adopted_waits_for_its_member_too) {
  add_machines(1);
  plane.step();
  EXPECT_EQ(patch_of("Machine", "m0")["metadata"]["annotations"][kCleanupHook], "");
}

TEST_F(ControlPlaneTest, a_leader_that_does_not_answer_is_taken_out_without_handing_over) {
  add_machines(3);
  delete_machine(0);
  silent = {"m0"};
  plane.step();
  EXPECT_EQ(plane.last.status, CAPSTAN_OK);
  EXPECT_TRUE(hook_is_taken("m0"));
}

TEST_F(ControlPlaneTest, a_deletion_that_cannot_end_keeps_nothing_else_back) {
  add_machines(3);
  make_unhealthy(0);
  delete_machine(2);
  silent = {"m0", "m1", "m2"};
  plane.step();
  EXPECT_EQ(plane.last.status, CAPSTAN_UNAVAILABLE);
  EXPECT_FALSE(hook_is_taken("m2"));
  EXPECT_EQ(reason_of("m0", "OwnerRemediated"), "RemediationDeferred") << "was looked at";
}

TEST_F(ControlPlaneTest, a_rollout_begins_at_its_time_whatever_zone_that_is_written_in) {
  add_machines(1);
  const auto begins = [&](const char* after) {
    plane.object["spec"]["rollout"]["after"] = after;
    plane.step();
    return reason_of("m0", "UpToDate") == "NotUpToDate";
  };
  EXPECT_TRUE(begins("2025-12-31T23:00:00Z"));
  EXPECT_FALSE(begins("2026-01-01T01:00:00Z"));
  EXPECT_TRUE(begins("2026-01-01T01:00:00+02:00"));
  EXPECT_TRUE(begins("2026-01-01T05:29:59.5+05:30"));
  EXPECT_FALSE(begins("2025-12-31T23:00:00-02:00"));
  EXPECT_FALSE(begins("2025-01-01T01:00:00+02:00")) << "the machine is younger";
}

TEST_F(ControlPlaneTest, of_several_unhealthy_machines_the_most_broken_one_goes_first) {
  add_machines(5);
  make_unhealthy(0);
  make_unhealthy(3);
  break_node("m3");
  plane.step();
  EXPECT_EQ(names("delete"), std::vector<std::string>{"m3"});
}

TEST_F(ControlPlaneTest, the_only_machine_of_a_control_plane_that_stands_is_not_replaced) {
  add_machines(1);
  make_unhealthy(0);
  plane.step();
  EXPECT_EQ(names("delete").size(), 0u);
  EXPECT_EQ(reason_of("m0", "OwnerRemediated"), "CannotBeRemediated");
}

TEST_F(ControlPlaneTest, the_first_machine_is_replaced_where_the_control_plane_never_came_up) {
  add_machines(1);
  make_unhealthy(0);
  plane.object["status"] = Json::object();
  host.workload = nullptr;
  plane.step();
  EXPECT_EQ(names("delete"), std::vector<std::string>{"m0"});
}

TEST_F(ControlPlaneTest, nothing_is_replaced_while_another_machine_comes_or_goes) {
  add_machines(3);
  make_unhealthy(1);
  machine(2)["status"].erase("nodeRef");
  plane.step();
  EXPECT_EQ(reason_of("m1", "OwnerRemediated"), "RemediationDeferred");
  machine(2)["status"]["nodeRef"] = {{"name", "m2"}};
  machine(2)["metadata"]["deletionTimestamp"] = kNow;
  plane.step();
  EXPECT_EQ(reason_of("m1", "OwnerRemediated"), "RemediationDeferred");
  EXPECT_EQ(names("delete").size(), 0u);
}

TEST_F(ControlPlaneTest, the_replacement_carries_what_it_replaces) {
  add_machines(2);
  plane.object["spec"]["replicas"] = 3;
  const std::string remediation =
      R"({"machine":"m9","timestamp":"2025-12-31T23:00:00Z","retryCount":1})";
  plane.object["metadata"]["annotations"] = {{kRemediationInProgress, remediation}};
  plane.step();
  const Json created = plane.last.reply.value("create", Json::array());
  ASSERT_EQ(created.size(), 3u);
  EXPECT_EQ(Json::parse(sdk::annotation_of(created[2], kRemediationFor)), Json::parse(remediation));
  EXPECT_EQ(annotation(kRemediationInProgress), "");
}

TEST_F(ControlPlaneTest, a_replacement_that_fails_soon_counts_as_another_try_up_to_a_limit) {
  add_machines(3);
  make_unhealthy(1);
  break_node("m1");
  machine(1)["metadata"]["annotations"] = {
      {kRemediationFor, R"({"machine":"m9","timestamp":"2025-12-31T23:30:00Z","retryCount":2})"}};
  plane.object["spec"]["remediation"] = {{"maxRetry", 2}};
  plane.step();
  EXPECT_EQ(names("delete").size(), 0u);
  EXPECT_EQ(reason_of("m1", "OwnerRemediated"), "CannotBeRemediated");
  plane.object["spec"]["remediation"] = {{"retryPeriodSeconds", 3600}};
  plane.step();
  EXPECT_EQ(reason_of("m1", "OwnerRemediated"), "RemediationDeferred");
  plane.object["spec"]["remediation"] = {{"maxRetry", 3}};
  plane.step();
  EXPECT_EQ(Json::parse(annotation(kRemediationInProgress))["retryCount"], 3);
}

TEST_F(ControlPlaneTest, a_machine_that_has_recovered_is_kept) {
  add_machines(3);
  machine(1)["status"]["conditions"] = {condition("HealthCheckSucceeded", "True"),
                                        condition("OwnerRemediated", "False")};
  plane.step();
  EXPECT_EQ(names("delete").size(), 0u);
  EXPECT_EQ(reason_of("m1", "OwnerRemediated"), "Recovered");
}

TEST_F(ControlPlaneTest, a_machine_without_a_controller_is_adopted_with_its_secrets) {
  add_machines(1);
  const Json cluster_owner = {{"kind", "Cluster"}, {"uid", "cluster-uid"}};
  machine(0)["metadata"]["ownerReferences"] = Json::array({cluster_owner});
  Json config = plane.relations["configs"][0];
  config["metadata"]["uid"] = "config-uid";
  config["status"] = {{"dataSecretName", "m0"}};
  host.objects.push_back(config);
  const Json by_config = {{"kind", "KubeadmConfig"}, {"uid", "config-uid"}, {"controller", true}};
  host.objects[0]["metadata"]["ownerReferences"] = Json::array({by_config});  // c-ca
  host.objects.push_back(make_secret("default", "m0", "c", {{"value", "data"}}, by_config));
  plane.step();
  const Json owners = patch_of("Machine", "m0")["metadata"]["ownerReferences"];
  ASSERT_EQ(owners.size(), 2u);
  EXPECT_EQ(owners[0], cluster_owner);
  EXPECT_EQ(owners[1]["uid"], "plane-uid");
  EXPECT_EQ(owners[1]["controller"], true);
  EXPECT_EQ(patch_of("Secret", "c-ca")["metadata"]["ownerReferences"][0]["uid"], "plane-uid");
  EXPECT_EQ(patch_of("Secret", "m0"), Json());
}

TEST_F(ControlPlaneTest, a_machine_two_minor_versions_away_is_not_adopted) {
  add_machines(1);
  machine(0)["metadata"].erase("ownerReferences");
  machine(0)["spec"]["version"] = "v1.32.0";
  plane.step();
  EXPECT_EQ(patch_of("Machine", "m0"), Json());
  EXPECT_EQ(string_at(plane.last.reply["events"][0], "reason"), "AdoptionFailed");
}

TEST_F(ControlPlaneTest, machines_of_another_controller_stop_everything) {
  add_machines(1);
  machine(0)["metadata"]["ownerReferences"][0]["uid"] = "other";
  plane.step();
  EXPECT_EQ(plane.reason("Ready"), "MixedManagement");
}

TEST_F(ControlPlaneTest, clients_of_v1beta1_find_its_conditions_and_counters) {
  add_machines(3);
  for (size_t i = 0; i < 3; ++i) {
    machine(i)["status"]["conditions"] = {condition("Ready", "True"),
                                          condition("NodeReady", i == 0 ? "False" : "True")};
    machine(i)["status"]["deprecated"]["v1beta1"]["conditions"] = {
        {{"type", "Ready"}, {"status", "True"}}};
  }
  plane.step();
  EXPECT_EQ(old_ready(plane.object), (OldCondition{"Ready", "True"}));
  const Json* old = find_at(plane.object, "status/deprecated/v1beta1");
  ASSERT_NE(old, nullptr);
  EXPECT_EQ((*old)["readyReplicas"], 2);
  EXPECT_EQ((*old)["unavailableReplicas"], 1);
  EXPECT_EQ((*old)["updatedReplicas"], 3);
  plane.object["spec"]["version"] = "v1.34.3";
  plane.step();
  EXPECT_EQ(old_ready(plane.object),
            (OldCondition{"Ready", "False", "Warning", "RollingUpdateInProgress",
                          "Rolling 3 replicas with outdated spec (0 replicas up to date)"}));
}

}  // namespace
}  // namespace capstan::kubeadm
