#include "plugins/memory/etcd_members.h"

#include <gtest/gtest.h>

namespace capstan::memory {
namespace {

class EtcdMembersTest : public testing::Test {
 protected:
  EtcdMembersTest() {
    for (const char* node : {"a", "b", "c"}) etcd.add(node, std::string("uid-") + node);
  }
  Json ask(const std::string& node, const std::string& path, const Json& body = Json::object()) {
    const auto [status, answer] = etcd.answer(node, path, body);
    EXPECT_EQ(status, 200) << answer;
    return answer;
  }
  std::string id(const std::string& node) {
    const Json answer = ask(node, "/v3/cluster/member/list");
    for (const Json& member : answer["members"]) {
      if (member["name"] == node) return member["ID"];
    }
    return "";
  }
  std::string leader(const std::string& node) {
    return ask(node, "/v3/maintenance/status")["leader"];
  }

  EtcdMembers etcd;
};

TEST_F(EtcdMembersTest, every_member_knows_all_members_and_the_leader) {
  EXPECT_EQ(ask("b", "/v3/cluster/member/list")["members"].size(), 3U);
  EXPECT_EQ(leader("b"), id("a"));
  EXPECT_EQ(leader("c"), id("a"));
  EXPECT_TRUE(ask("c", "/v3/maintenance/alarm", {{"action", "GET"}})["alarms"].empty());
}

TEST_F(EtcdMembersTest, only_the_leader_hands_leadership_on_and_only_to_a_member) {
  const Json to_b = {{"targetID", id("b")}};
  EXPECT_EQ(etcd.answer("c", "/v3/maintenance/transfer-leadership", to_b).first, 400);
  EXPECT_EQ(etcd.answer("a", "/v3/maintenance/transfer-leadership", {{"targetID", "12"}}).first,
            400);
  ask("a", "/v3/maintenance/transfer-leadership", to_b);
  EXPECT_EQ(leader("c"), id("b"));
}

TEST_F(EtcdMembersTest, a_removed_member_answers_no_more_and_does_not_come_back) {
  ask("b", "/v3/cluster/member/remove", {{"ID", id("a")}});
  EXPECT_EQ(etcd.take_newly_removed(), std::vector<std::string>{"a"});
  EXPECT_TRUE(etcd.take_newly_removed().empty());
  EXPECT_EQ(leader("b"), id("b"));
  EXPECT_EQ(etcd.answer("a", "/v3/maintenance/status", {}).first, 503);
  etcd.add("a", "uid-a");
  EXPECT_FALSE(etcd.has("a"));
  EXPECT_EQ(etcd.answer("b", "/v3/cluster/member/remove", {{"ID", "5"}}).first, 404);
}

TEST_F(EtcdMembersTest, a_member_that_stopped_stays_in_the_list_and_answers_nobody) {
  etcd.set_state("a", MemberState::kStopped);
  EXPECT_EQ(etcd.answer("a", "/v3/maintenance/status", {}).first, 503);
  EXPECT_EQ(ask("b", "/v3/cluster/member/list")["members"].size(), 3U);
  EXPECT_EQ(leader("c"), id("b"));
  etcd.set_state("a", MemberState::kRunning);
  EXPECT_EQ(leader("a"), id("b"));
}

TEST_F(EtcdMembersTest,
       without_a_majority_a_member_tells_that_there_is_no_leader_and_nothing_else) {
  etcd.set_state("a", MemberState::kStopped);
  etcd.set_state("b", MemberState::kStopped);
  EXPECT_EQ(leader("c"), "0");
  EXPECT_EQ(etcd.answer("c", "/v3/cluster/member/list", {}).first, 503);
  EXPECT_EQ(etcd.answer("c", "/v3/maintenance/alarm", {{"action", "GET"}}).first, 503);
}

TEST_F(EtcdMembersTest, every_member_knows_the_alarm_of_one_that_is_full) {
  etcd.set_state("b", MemberState::kFull);
  const Json alarms = ask("c", "/v3/maintenance/alarm", {{"action", "GET"}})["alarms"];
  ASSERT_EQ(alarms.size(), 1U);
  EXPECT_EQ(alarms[0], (Json{{"memberID", id("b")}, {"alarm", "NOSPACE"}}));
}

TEST_F(EtcdMembersTest, a_new_machine_of_the_same_name_becomes_a_member) {
  etcd.mark_removed("a");
  etcd.forget("a");
  etcd.add("a", "uid-other");
  EXPECT_TRUE(etcd.has("a"));
}

}  // namespace
}  // namespace capstan::memory
