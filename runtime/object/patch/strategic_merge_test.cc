#include "runtime/object/patch/strategic_merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace capstan {
namespace {

using ::testing::HasSubstr;

struct Case {
  const char* kind;
  const char* target;
  const char* patch;
  const char* result;
};

class StrategicMergeTest : public ::testing::TestWithParam<Case> {};

TEST_P(StrategicMergeTest, merges_as_kubernetes_does) {
  Json target = *parse_json(GetParam().target);
  const Result<void> done =
      apply_strategic_merge_patch({"", GetParam().kind}, target, *parse_json(GetParam().patch));
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_EQ(target, *parse_json(GetParam().result));
}

INSTANTIATE_TEST_SUITE_P(
    Lists, StrategicMergeTest,
    ::testing::Values(
        Case{"ConfigMap", R"({"data":{"a":"1","b":"2"}})", R"({"data":{"a":null,"c":"3"}})",
             R"({"data":{"b":"2","c":"3"}})"},
        Case{"ConfigMap", R"({"metadata":{"finalizers":["a"]}})",
             R"({"metadata":{"finalizers":["b","a"]}})",
             R"({"metadata":{"finalizers":["a","b"]}})"},
        Case{"ConfigMap", R"({"metadata":{"finalizers":["a","b"]}})",
             R"({"metadata":{"$deleteFromPrimitiveList/finalizers":["a"]}})",
             R"({"metadata":{"finalizers":["b"]}})"},
        Case{
            "ConfigMap", R"({"metadata":{"ownerReferences":[{"uid":"1","name":"x"}]}})",
            R"({"metadata":{"ownerReferences":[{"uid":"1","controller":true},{"uid":"2"}]}})",
            R"({"metadata":{"ownerReferences":[{"uid":"1","name":"x","controller":true},{"uid":"2"}]}})"},
        Case{"ConfigMap", R"({"metadata":{"ownerReferences":[{"uid":"1"},{"uid":"2"}]}})",
             R"({"metadata":{"ownerReferences":[{"$patch":"delete","uid":"1"}]}})",
             R"({"metadata":{"ownerReferences":[{"uid":"2"}]}})"},
        Case{"ServiceAccount", R"({"secrets":[{"name":"a"}]})", R"({"secrets":[{"name":"b"}]})",
             R"({"secrets":[{"name":"a"},{"name":"b"}]})"},
        Case{
            "Deployment",
            R"({"spec":{"template":{"spec":{"containers":[{"name":"a","image":"i","args":["1"]}]}}}})",
            R"({"spec":{"template":{"spec":{"containers":[{"name":"a","image":"j","args":["2"]}]}}}})",
            R"({"spec":{"template":{"spec":{"containers":[{"name":"a","image":"j","args":["2"]}]}}}})"},
        Case{"Service", R"({"spec":{"ports":[{"port":1,"name":"x"}]}})",
             R"({"spec":{"ports":[{"port":1,"name":"y"},{"port":2}]}})",
             R"({"spec":{"ports":[{"port":1,"name":"y"},{"port":2}]}})"},
        Case{"Node", R"({"spec":{"taints":[{"key":"a"}]}})", R"({"spec":{"taints":[{"key":"b"}]}})",
             R"({"spec":{"taints":[{"key":"b"}]}})"}));

INSTANTIATE_TEST_SUITE_P(
    Directives, StrategicMergeTest,
    ::testing::Values(
        Case{"ConfigMap", R"({"data":{"a":"1"}})", R"({"data":{"$patch":"replace","b":"2"}})",
             R"({"data":{"b":"2"}})"},
        Case{"ConfigMap", R"({"data":{"a":"1"},"x":1})", R"({"data":{"$patch":"delete"}})",
             R"({"x":1})"},
        Case{"ServiceAccount", R"({"secrets":[{"name":"a"}]})",
             R"({"secrets":[{"$patch":"replace"},{"name":"b"}]})", R"({"secrets":[{"name":"b"}]})"},
        Case{"Deployment",
             R"({"spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}}}})",
             R"({"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}})",
             R"({"spec":{"strategy":{"type":"Recreate"}}})"},
        Case{
            "ServiceAccount", R"({"secrets":[{"name":"a"},{"name":"b"},{"name":"z"}]})",
            R"({"$setElementOrder/secrets":[{"name":"c"},{"name":"b"},{"name":"a"}],"secrets":[{"name":"c"}]})",
            R"({"secrets":[{"name":"c"},{"name":"b"},{"name":"z"},{"name":"a"}]})"},
        Case{"ConfigMap", R"({"metadata":{"finalizers":["a","b"]}})",
             R"({"metadata":{"$setElementOrder/finalizers":["b","a"]}})",
             R"({"metadata":{"finalizers":["b","a"]}})"}));

TEST(StrategicMergeErrorTest, a_mistake_is_named_and_nothing_is_changed) {
  const Json before = *parse_json(R"({"secrets":[{"name":"a"}]})");
  Json target = before;
  const auto error = [&](const char* patch) {
    return apply_strategic_merge_patch({"", "ServiceAccount"}, target, *parse_json(patch))
        .error()
        .message;
  };
  EXPECT_THAT(error("[]"), HasSubstr("must be an object"));
  EXPECT_THAT(error(R"({"x":1,"secrets":[{"nam":"a"}]})"),
              HasSubstr(R"(secrets[0]: must have the field "name")"));
  EXPECT_THAT(error(R"({"$patch":"jump"})"), HasSubstr("must be replace, delete or merge"));
  EXPECT_THAT(error(R"({"$retainKeys":1})"), HasSubstr("must be a list"));
  EXPECT_EQ(target, before);
}

}  // namespace
}  // namespace capstan
