#include "runtime/plugin/provider_outcome.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace capstan {
namespace {

using testing::HasSubstr;
using Op = Change::Op;

const GroupKind kThing{"test.capstan.dev", "Thing"};

KindPtr kind(const GroupKind& id, bool namespaced = true) {
  auto made = std::make_shared<Kind>();
  made->id = id;
  made->plural = "things";
  made->namespaced = namespaced;
  made->versions.push_back({});
  made->versions[0].name = "v1";
  made->versions[0].storage = true;
  made->versions[0].status_subresource = true;
  return made;
}

class ProviderOutcomeTest : public testing::Test {
 protected:
  ProviderOutcomeTest() {
    manifest_.name = "test";
    manifest_.reconciles.push_back({kThing, ProviderRole::kResource, {}, {}, 10, {}});
    manifest_.needs.objects = {{{"", "ConfigMap"}, true}, {{"", "Secret"}, false}};
    kinds_.put(kind(kThing));
    kinds_.put(kind({"", "ConfigMap"}));
    kinds_.put(kind({"", "Secret"}));
  }
  void object(const std::string& more) {
    auto parsed = Object::parse(R"({"apiVersion":"test.capstan.dev/v1","kind":"Thing","metadata":{
      "name":"one","namespace":"ns","uid":"u1","resourceVersion":"7","generation":3)" +
                                more);
    ASSERT_TRUE(parsed.ok()) << parsed.error().message;
    object_ = *parsed;
  }
  Outcome outcome(const std::string& reply, Code status = Code::kOk,
                  std::vector<ProviderDiagnostic> diagnostics = {}) {
    if (object_ == nullptr) object("}}");
    return provider_outcome({status, reply, std::move(diagnostics)},
                            {*object_, manifest_, kinds_, clock_.now()});
  }
  // Why nothing of the reply is committed.
  std::string refusal(const std::string& reply) {
    const Outcome result = outcome(reply);
    if (!result.error) return "accepted";
    for (const Change& change : result.changes) EXPECT_EQ(change.op, Op::kPatchStatus);
    return result.error->message;
  }

  Manifest manifest_;
  KindRegistry kinds_;
  ManualClock clock_;
  ObjectPtr object_;
};

TEST_F(ProviderOutcomeTest, a_patch_is_split_into_main_and_status_with_the_snapshot_s_revision) {
  const Outcome result =
      outcome(R"({"patch":{"spec":{"providerID":"x"},"status":{"seen":1}},"requeueAfterMs":2000})");
  ASSERT_EQ(result.changes.size(), 2u);
  EXPECT_EQ(result.changes[0].op, Op::kPatch);
  EXPECT_EQ(result.changes[0].body, Json::parse(R"({"spec":{"providerID":"x"}})"));
  EXPECT_EQ(result.changes[0].expected, 7u);
  EXPECT_EQ(result.changes[1].op, Op::kPatchStatus);
  EXPECT_EQ(result.changes[1].body, Json::parse(R"({"status":{"seen":1}})"));
  EXPECT_EQ(result.requeue_after, std::chrono::seconds(2));
  EXPECT_EQ(result.changes[0].manager, "test");
}

TEST_F(ProviderOutcomeTest, what_the_object_has_already_is_not_written_again) {
  object(R"(},"spec":{"a":1,"b":{"c":[1,2]}},"status":{"seen":true}})");
  EXPECT_TRUE(outcome(R"({"patch":{"spec":{"a":1,"b":{"c":[1,2]},"gone":null},
                                  "status":{"seen":true}}})")
                  .changes.empty());
  const Outcome partly = outcome(R"({"patch":{"spec":{"a":2,"b":{"c":[1,2]}}}})");
  ASSERT_EQ(partly.changes.size(), 1u);
  EXPECT_EQ(partly.changes[0].body, Json::parse(R"({"spec":{"a":2}})"));
}

TEST_F(ProviderOutcomeTest, a_condition_keeps_its_transition_time_while_its_status_stays) {
  object(R"(},"status":{"conditions":[{"type":"Ready","status":"False","reason":"Waiting",
    "message":"","lastTransitionTime":"2001-01-01T00:00:00Z","observedGeneration":3},
    {"type":"Other","status":"True","reason":"Fine"}]}})");
  const Outcome same = outcome(
      R"({"conditions":[{"type":"Ready","status":"False","reason":"Building","message":"m"}]})");
  ASSERT_EQ(same.changes.size(), 1u);
  const Json& list = same.changes[0].body["status"]["conditions"];
  EXPECT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0]["lastTransitionTime"], "2001-01-01T00:00:00Z");
  EXPECT_EQ(list[0]["reason"], "Building");

  const Outcome turned =
      outcome(R"({"conditions":[{"type":"Ready","status":"True","reason":"Ready"}]})");
  EXPECT_EQ(turned.changes[0].body["status"]["conditions"][0]["lastTransitionTime"],
            format_time(clock_.now()));
  EXPECT_TRUE(outcome(R"({"conditions":[{"type":"Ready","status":"False","reason":"Waiting"}]})")
                  .changes.empty());
}

TEST_F(ProviderOutcomeTest, the_last_finalizer_of_a_deleted_object_leaves_without_a_status) {
  object(R"(,"deletionTimestamp":"2026-01-01T00:00:00Z","finalizers":["f"]}})");
  const Outcome result = outcome(R"({"patch":{"metadata":{"finalizers":[]}},
      "conditions":[{"type":"Ready","status":"False","reason":"Deleting"}]})");
  ASSERT_EQ(result.changes.size(), 1u);
  EXPECT_EQ(result.changes[0].op, Op::kPatch);
}

TEST_F(ProviderOutcomeTest, other_objects_are_changed_where_the_manifest_allows_it) {
  const Outcome result = outcome(R"({
    "create":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}],
    "apply":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"else"}}],
    "patches":[{"apiVersion":"v1","kind":"ConfigMap","name":"p","patch":{"data":{"k":"v"}}}],
    "delete":[{"apiVersion":"v1","kind":"ConfigMap","name":"d","uid":"u2"}],
    "events":[{"type":"Normal","reason":"Made","message":"made it"}]})");
  ASSERT_FALSE(result.error) << result.error->message;
  ASSERT_EQ(result.changes.size(), 4u);
  EXPECT_EQ(result.changes[0].op, Op::kCreate);
  EXPECT_EQ(result.changes[0].key.ns, "ns");
  EXPECT_EQ(result.changes[0].body["metadata"]["namespace"], "ns");
  EXPECT_EQ(result.changes[1].key.ns, "else");
  EXPECT_EQ(result.changes[2].op, Op::kPatch);
  EXPECT_EQ(result.changes[3].op, Op::kDelete);
  EXPECT_EQ(result.changes[3].uid, "u2");
  ASSERT_EQ(result.events.size(), 1u);
  EXPECT_EQ(result.events[0].uid, "u1");
}

TEST_F(ProviderOutcomeTest, what_a_reply_may_not_do_is_named_and_nothing_of_it_is_committed) {
  const std::pair<const char*, const char*> replies[] = {
      {"{oops", "plugin \"test\", Thing.test.capstan.dev ns/one: reply: "},
      {"[1]", "the reply is no JSON object"},
      {R"({"patch":5})", "\"patch\" is no object"},
      {R"({"patch":{"metadata":{"name":"x"}}})", "the patch changes metadata.name"},
      {R"({"conditions":{}})", "\"conditions\" is no list of objects"},
      {R"({"conditions":[{"type":"Ready","status":"yes","reason":"R"}]})",
       "condition Ready has status \"yes\""},
      {R"({"conditions":[{"type":"Ready","status":"True"}]})", "condition Ready has no reason"},
      {R"({"create":[{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"}}]})",
       "is a Secret, which the manifest's needs.objects does not allow to write"},
      {R"({"delete":[{"apiVersion":"v1","kind":"Node","name":"n"}]})", "is a Node, which"},
      {R"({"create":[{"apiVersion":"v1","kind":"ConfigMap"}]})", "lacks metadata"},
      {R"({"create":[3]})", "\"create\" is no list of objects"},
      {R"({"apply":[{"apiVersion":"v1","metadata":{"name":"x"}}]})",
       "lacks apiVersion, kind or name"},
      {R"({"events":[{"message":"m"}]})", "an event has no reason"},
      {R"({"requeueAfterMs":"soon"})", "requeueAfterMs is no number"},
  };
  for (const auto& [reply, message] : replies) EXPECT_THAT(refusal(reply), HasSubstr(message));
}

TEST_F(ProviderOutcomeTest, a_misbehaving_plugin_is_seen_on_the_object) {
  const Outcome result = outcome("{oops");
  ASSERT_EQ(result.changes.size(), 1u);
  EXPECT_EQ(result.changes[0].body["status"]["conditions"][0]["reason"], "ProviderError");
  ASSERT_EQ(result.events.size(), 1u);
  EXPECT_EQ(result.events[0].type, "Warning");
}

TEST_F(ProviderOutcomeTest, a_failure_is_a_condition_an_event_and_a_retry) {
  const Outcome result =
      outcome("", Code::kUnavailable,
              {{false, "the cloud is down", "", "", std::chrono::milliseconds(7000), false}});
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->retry_after, std::chrono::milliseconds(7000));
  EXPECT_EQ(result.changes[0].body["status"]["conditions"][0]["message"], "the cloud is down");
  EXPECT_EQ(result.events[0].message, "the cloud is down");
}

TEST_F(ProviderOutcomeTest, a_failure_with_a_ready_condition_of_its_own_keeps_that) {
  const Outcome result =
      outcome(R"({"conditions":[{"type":"Ready","status":"False","reason":"QuotaExceeded"}]})",
              Code::kResourceExhausted);
  EXPECT_EQ(result.changes[0].body["status"]["conditions"][0]["reason"], "QuotaExceeded");
}

TEST_F(ProviderOutcomeTest, a_terminal_failure_is_not_retried) {
  const Outcome result =
      outcome("", Code::kInvalid, {{false, "no such image", "", "/spec/image", {}, true}});
  EXPECT_FALSE(result.error);
  EXPECT_FALSE(result.requeue_after);
  EXPECT_EQ(result.changes.size(), 1u);
}

TEST_F(ProviderOutcomeTest, a_condition_names_no_generation_where_each_write_of_status_raises_it) {
  const std::string reply =
      R"({"conditions":[{"type":"Ready","status":"True","reason":"Made","message":""}]})";
  Outcome apart = outcome(reply);
  ASSERT_EQ(apart.changes.size(), 1u);
  EXPECT_EQ(apart.changes[0].body["status"]["conditions"][0]["observedGeneration"], 3);
  auto whole = std::make_shared<Kind>(*kinds_.find(kThing));
  whole->versions[0].status_subresource = false;
  kinds_.put(whole);
  Outcome together = outcome(reply);
  ASSERT_EQ(together.changes.size(), 1u);
  EXPECT_FALSE(together.changes[0].body["status"]["conditions"][0].contains("observedGeneration"));
}

}  // namespace
}  // namespace capstan
