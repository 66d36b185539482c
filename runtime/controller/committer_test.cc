#include "runtime/controller/committer.h"

#include "runtime/controller/controller_fixture.h"

namespace capstan {
namespace {

class CommitterTest : public ControllerFixture {
 protected:
  // A change that makes the object "made" for this owner.
  Change creation(const ObjectPtr& owner, const std::string& value) const {
    Change change{.op = Change::Op::kCreate, .key = key("made")};
    change.body = {{"apiVersion", "v1"},
                   {"kind", "ConfigMap"},
                   {"metadata", {{"name", "made"}, {"namespace", "default"}}},
                   {"spec", {{"from", value}}},
                   {"data", {{"value", value}}}};
    if (owner != nullptr) {
      change.body["metadata"]["ownerReferences"] = {{{"apiVersion", "v1"},
                                                     {"kind", "ConfigMap"},
                                                     {"name", owner->meta().name},
                                                     {"uid", owner->meta().uid},
                                                     {"controller", true}}};
    }
    return change;
  }
  Result<void> commit(Change change) { return committer.commit({std::move(change)}, "test"); }
  std::string member(const char* parent, const char* name) const {
    return get_string(*get("made")->tree(), {parent, name});
  }

  Committer committer{*resources};
};

TEST_F(CommitterTest, data_that_the_same_controller_made_before_is_brought_up_to_date) {
  const ObjectPtr owner = create("owner");
  ASSERT_TRUE(commit(creation(owner, "first")).ok());
  ASSERT_TRUE(commit(creation(owner, "second")).ok());
  EXPECT_EQ(member("data", "value"), "second");
  EXPECT_EQ(member("spec", "from"), "first") << "its own controller may have gone on with it";
}

TEST_F(CommitterTest, what_another_controller_has_made_is_not_taken_for_ones_own) {
  const ObjectPtr owner = create("owner");
  const ObjectPtr other = create("other");
  ASSERT_TRUE(commit(creation(other, "theirs")).ok());
  const auto refused = commit(creation(owner, "ours"));
  ASSERT_EQ(refused.code(), Code::kAlreadyExists);
  EXPECT_NE(refused.error().message.find("made exists already and is controlled by ConfigMap "
                                         "\"other\""),
            std::string::npos)
      << refused.error().message;
  EXPECT_EQ(member("data", "value"), "theirs");
}

TEST_F(CommitterTest, what_has_no_controller_is_not_taken_over) {
  create("made");
  const auto refused = commit(creation(create("owner"), "ours"));
  ASSERT_EQ(refused.code(), Code::kAlreadyExists);
  EXPECT_NE(refused.error().message.find("has no controller"), std::string::npos);
}

TEST_F(CommitterTest, who_names_no_controller_is_content_with_what_exists) {
  create("made");
  EXPECT_TRUE(commit(creation(nullptr, "ours")).ok());
}

}  // namespace
}  // namespace capstan
