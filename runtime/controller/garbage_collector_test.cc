#include "runtime/controller/garbage_collector.h"

#include "runtime/controller/controller_fixture.h"

namespace capstan {
namespace {

class GarbageCollectorTest : public ControllerFixture {
 protected:
  void SetUp() override {
    manager.add(garbage_collector(kinds));
    ASSERT_TRUE(manager.attach().ok());
  }

  ObjectPtr create_owned(const std::string& name, const std::vector<ObjectPtr>& owners,
                         bool block = false) {
    Json list = Json::array();
    for (const ObjectPtr& owner : owners) {
      Json reference = {{"apiVersion", "v1"},
                        {"kind", "ConfigMap"},
                        {"name", owner->meta().name},
                        {"uid", owner->meta().uid}};
      if (block) reference["blockOwnerDeletion"] = true;
      list.push_back(std::move(reference));
    }
    return create(name, {{"metadata", {{"ownerReferences", list}}}});
  }

  Manager manager{{*resources, clock, random}};
};

TEST_F(GarbageCollectorTest, a_dependent_goes_with_its_last_owner) {
  const ObjectPtr first = create("first");
  const ObjectPtr second = create("second");
  create_owned("child", {first, second});
  manager.run_until_idle();
  remove("first");
  manager.run_until_idle();
  ASSERT_NE(get("child"), nullptr);
  EXPECT_EQ(get("child")->meta().owner_references.size(), 1u);
  remove("second");
  manager.run_until_idle();
  EXPECT_EQ(get("child"), nullptr);
}

TEST_F(GarbageCollectorTest, a_chain_goes_to_its_end) {
  const ObjectPtr a = create("a");
  const ObjectPtr b = create_owned("b", {a});
  create_owned("c", {b});
  manager.run_until_idle();
  remove("a");
  manager.run_until_idle();
  EXPECT_EQ(get("b"), nullptr);
  EXPECT_EQ(get("c"), nullptr);
}

TEST_F(GarbageCollectorTest, an_owner_of_the_same_name_but_another_uid_is_no_owner) {
  const ObjectPtr old = create("owner");
  remove("owner");
  create("owner");
  create_owned("child", {old});
  manager.run_until_idle();
  EXPECT_EQ(get("child"), nullptr);
}

TEST_F(GarbageCollectorTest, an_owner_whose_kind_is_not_installed_keeps_its_dependents) {
  create("child", {{"metadata",
                    {{"ownerReferences",
                      {{{"apiVersion", "x.example.com/v1"},
                        {"kind", "Nobody"},
                        {"name", "n"},
                        {"uid", "1"}}}}}}});
  manager.run_until_idle();
  EXPECT_NE(get("child"), nullptr);
}

TEST_F(GarbageCollectorTest, a_foreground_deletion_waits_for_dependents_that_block_it) {
  const ObjectPtr owner = create("owner");
  create_owned("child", {owner}, true);
  patch("child", {{"metadata", {{"finalizers", {"example.com/hold"}}}}});
  manager.run_until_idle();
  remove("owner", Propagation::kForeground);
  manager.run_until_idle();
  ASSERT_NE(get("child"), nullptr);
  EXPECT_TRUE(get("child")->meta().deleting());
  ASSERT_NE(get("owner"), nullptr);
  patch("child", {{"metadata", {{"finalizers", nullptr}}}});
  manager.run_until_idle();
  EXPECT_EQ(get("child"), nullptr);
  EXPECT_EQ(get("owner"), nullptr);
}

TEST_F(GarbageCollectorTest, an_orphaning_deletion_lets_dependents_live) {
  const ObjectPtr owner = create("owner");
  create_owned("child", {owner});
  manager.run_until_idle();
  remove("owner", Propagation::kOrphan);
  manager.run_until_idle();
  EXPECT_EQ(get("owner"), nullptr);
  ASSERT_NE(get("child"), nullptr);
  EXPECT_TRUE(get("child")->meta().owner_references.empty());
}

TEST_F(GarbageCollectorTest, a_deletion_that_has_begun_can_still_be_made_foreground) {
  const ObjectPtr owner = create("owner", {{"metadata", {{"finalizers", {"example.com/hold"}}}}});
  create_owned("child", {owner}, true);
  manager.run_until_idle();
  remove("owner");
  manager.run_until_idle();
  remove("owner", Propagation::kForeground);
  manager.run_until_idle();
  EXPECT_EQ(get("child"), nullptr);
  ASSERT_NE(get("owner"), nullptr);
  EXPECT_EQ(get("owner")->meta().finalizers, std::vector<std::string>{"example.com/hold"});
}

TEST_F(GarbageCollectorTest, a_deletion_that_has_begun_can_still_be_made_orphaning) {
  const ObjectPtr owner = create("owner", {{"metadata", {{"finalizers", {"example.com/hold"}}}}});
  create_owned("child", {owner});
  manager.run_until_idle();
  remove("owner");
  manager.run_until_idle();
  remove("owner", Propagation::kOrphan);
  manager.run_until_idle();
  ASSERT_NE(get("child"), nullptr);
  EXPECT_TRUE(get("child")->meta().owner_references.empty());
  ASSERT_NE(get("owner"), nullptr);
  EXPECT_EQ(get("owner")->meta().finalizers, std::vector<std::string>{"example.com/hold"});
}

}  // namespace
}  // namespace capstan
