#include "plugins/kubeadm/control_plane/etcd_members.h"

#include <gmock/gmock.h>

#include "plugins/kubeadm/control_plane/testing.h"

namespace capstan::kubeadm {
namespace {

using sdk::string_at;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

class EtcdMembersTest : public ControlPlaneTest {
 protected:
  std::string etcd_message() const {
    const Json* condition = sdk::condition_of(plane.object, "EtcdClusterHealthy");
    return condition == nullptr ? "" : string_at(*condition, "message");
  }
  void set_node_age(size_t i, const char* made) {
    nodes[i]["metadata"]["creationTimestamp"] = made;
  }
  // Its infrastructure and its Machine are gone: nobody answers there any more.
  void take_away(const std::string& name) {
    break_node(name);
    for (const char* list : {"machines", "configs"}) {
      Json left = Json::array();
      for (const Json& item : plane.relations[list]) {
        if (string_at(item, "metadata/name") != name) left.push_back(item);
      }
      plane.relations[list] = std::move(left);
    }
  }
  // Neither the Machine nor anybody else has found its Node.
  void forget_node(size_t i) { machine(i)["status"].erase("nodeRef"); }
};

TEST_F(EtcdMembersTest, a_learner_that_a_lost_machine_left_is_removed_before_another_joins) {
  add_machines(2);
  plane.object["spec"]["replicas"] = 3;
  add_member("12");
  plane.step();
  EXPECT_EQ(plane.last.status, CAPSTAN_OK);
  EXPECT_THAT(member_names(), ElementsAre("m0", "m1"));
  EXPECT_THAT(names("create"), IsEmpty());
  EXPECT_EQ(plane.condition("EtcdClusterHealthy"), "False");
  EXPECT_EQ(etcd_message(),
            "* Etcd member 12 (name not yet assigned) does not have a corresponding Machine");
  plane.step();
  EXPECT_EQ(plane.condition("EtcdClusterHealthy"), "True");
  EXPECT_EQ(names("create").size(), 3u);
}

TEST_F(EtcdMembersTest, one_that_stands_beside_the_only_machine_is_found_before_the_next_joins) {
  add_machines(1);
  plane.object["spec"]["replicas"] = 3;
  add_member("12");
  plane.step();
  EXPECT_THAT(member_names(), ElementsAre("m0"));
  EXPECT_THAT(names("create"), IsEmpty());
}

TEST_F(EtcdMembersTest, a_member_of_no_machine_is_removed_where_the_others_keep_a_majority) {
  add_machines(3);
  add_member("12", "m9");
  silent = {"m1", "m9"};
  plane.step();
  EXPECT_EQ(plane.last.status, CAPSTAN_OK);
  EXPECT_THAT(member_names(), ElementsAre("m0", "m1", "m2"));
  EXPECT_THAT(etcd_calls, Contains("m0 remove"));
}

TEST_F(EtcdMembersTest, it_stays_where_the_others_would_have_none_and_that_is_told) {
  add_machines(3);
  add_member("12", "m9");
  silent = {"m1", "m2"};
  plane.step();
  EXPECT_EQ(plane.last.status, CAPSTAN_FAILED_PRECONDITION);
  EXPECT_THAT(member_names(), Contains("m9"));
  EXPECT_EQ(plane.condition("EtcdClusterHealthy"), "False");
  EXPECT_THAT(etcd_message(),
              testing::HasSubstr("Etcd member m9 does not have a corresponding Machine"));
}

TEST_F(EtcdMembersTest, of_two_the_one_without_a_name_goes_first_and_one_at_a_time) {
  add_machines(3);
  add_member("12", "m9");
  add_member("13");
  plane.step();
  EXPECT_THAT(member_names(), ElementsAre("m0", "m1", "m2", "m9"));
  plane.step();
  EXPECT_THAT(member_names(), ElementsAre("m0", "m1", "m2"));
}

TEST_F(EtcdMembersTest, one_that_can_be_of_a_machine_without_a_node_stays) {
  add_machines(3);
  forget_node(2);
  add_member("12");
  plane.step();
  EXPECT_THAT(etcd_calls, Not(Contains("m0 remove")));
  machine(2)["metadata"]["deletionTimestamp"] = kNow;
  plane.step();
  EXPECT_THAT(etcd_calls, Contains("m0 remove")) << "it will not come up any more";
}

TEST_F(EtcdMembersTest, one_without_a_name_stays_while_it_can_be_of_a_new_node) {
  add_machines(3);
  members.erase(2);
  add_member("12");
  set_node_age(2, "2025-12-31T23:55:01Z");
  plane.step();
  EXPECT_THAT(etcd_calls, Not(Contains("m0 remove"))) << "an image takes minutes to be fetched";
  set_node_age(2, "2025-12-31T23:55:00Z");
  plane.step();
  EXPECT_THAT(etcd_calls, Contains("m0 remove"));
}

TEST_F(EtcdMembersTest, a_new_node_whose_member_has_started_keeps_no_other_one) {
  add_machines(3);
  add_member("12");
  set_node_age(2, kNow);
  plane.step();
  EXPECT_THAT(member_names(), ElementsAre("m0", "m1", "m2"));
}

TEST_F(EtcdMembersTest, nobody_joins_while_one_stays) {
  add_machines(2);
  plane.object["spec"]["replicas"] = 3;
  add_member("12");
  host.pod = [this](const std::string&, const Json& request) -> sdk::Expected<sdk::HttpAnswer> {
    const std::string path = string_at(request, "path");
    if (path.ends_with("/remove")) return sdk::Error::unavailable("etcd is busy");
    return etcd(string_at(request, "pod").substr(std::string("etcd-").size()), path,
                Json::parse(string_at(request, "body", "{}")));
  };
  plane.step();
  EXPECT_EQ(plane.last.status, CAPSTAN_UNAVAILABLE);
  EXPECT_THAT(names("create"), IsEmpty());
}

TEST_F(EtcdMembersTest, of_a_machine_that_does_not_know_its_node_the_providerID_tells_the_member) {
  add_machines(3);
  delete_machine(2);
  forget_node(2);
  machine(2)["spec"]["providerID"] = "dev:///m2";
  nodes[2]["spec"]["providerID"] = "dev:///m2";
  plane.step();
  EXPECT_THAT(member_names(), ElementsAre("m0", "m1"));
  EXPECT_TRUE(hook_is_taken("m2"));
}

TEST_F(EtcdMembersTest, one_whose_node_is_not_to_be_found_goes_and_what_it_left_is_removed) {
  add_machines(3);
  delete_machine(2);
  forget_node(2);
  plane.step();
  EXPECT_THAT(member_names(), ElementsAre("m0", "m1")) << "m2 is no Machine's node";
  plane.step();
  EXPECT_TRUE(hook_is_taken("m2"));
}

TEST_F(EtcdMembersTest, of_machines_that_are_all_deleted_one_after_the_other_leaves_and_goes) {
  add_machines(3);
  for (size_t i = 0; i < 3; ++i) delete_machine(i);
  for (const std::string& name : std::vector<std::string>{"m0", "m1", "m2"}) {
    plane.step();
    EXPECT_EQ(plane.last.status, CAPSTAN_OK) << name;
    ASSERT_TRUE(hook_is_taken(name)) << name;
    EXPECT_EQ(member_names().front(), name == "m0" ? "m1" : "m2") << "the last takes it along";
    EXPECT_THAT(names("create"), IsEmpty()) << name;
    take_away(name);
  }
  plane.step();
  EXPECT_EQ(names("create").size(), 3u) << "a machine, its config and its infrastructure";
}

TEST_F(EtcdMembersTest, a_machine_leaves_by_one_that_stays_before_one_that_is_to_go_too) {
  add_machines(5);
  delete_machine(0);
  delete_machine(1);
  plane.step();
  EXPECT_TRUE(hook_is_taken("m0"));
  EXPECT_THAT(etcd_calls, Contains("m2 remove"));
}

TEST_F(EtcdMembersTest, what_a_lost_machine_left_is_removed_where_all_others_are_to_go) {
  add_machines(2);
  plane.object["spec"]["replicas"] = 3;
  add_member("12", "m9");
  silent = {"m9"};
  delete_machine(0);
  delete_machine(1);
  plane.step();
  EXPECT_THAT(member_names(), ElementsAre("m0", "m1"));
}

}  // namespace
}  // namespace capstan::kubeadm
