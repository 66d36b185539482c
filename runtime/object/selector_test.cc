#include "runtime/object/selector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace capstan {
namespace {

using ::testing::HasSubstr;

struct Match {
  const char* selector;
  Labels labels;
  bool matches;
};

class LabelSelectorTest : public ::testing::TestWithParam<Match> {};

TEST_P(LabelSelectorTest, decides_as_kubernetes_does) {
  const Result<LabelSelector> selector = LabelSelector::parse(GetParam().selector);
  ASSERT_TRUE(selector.ok()) << selector.error().message;
  EXPECT_EQ(selector->matches(GetParam().labels), GetParam().matches) << GetParam().selector;
  const Result<LabelSelector> again = LabelSelector::parse(selector->text());
  ASSERT_TRUE(again.ok()) << selector->text();
  EXPECT_EQ(again->requirements(), selector->requirements());
}

INSTANTIATE_TEST_SUITE_P(
    Operators, LabelSelectorTest,
    ::testing::Values(Match{"", {{"a", "1"}}, true}, Match{"a=1", {{"a", "1"}}, true},
                      Match{"a==1", {{"a", "2"}}, false}, Match{"a=1", {}, false},
                      Match{"a!=1", {{"a", "2"}}, true}, Match{"a!=1", {}, true},
                      Match{"a", {{"a", ""}}, true}, Match{"a", {}, false}, Match{"!a", {}, true},
                      Match{"! a", {{"a", ""}}, false}, Match{"a in (1, 2)", {{"a", "2"}}, true},
                      Match{"a in (1,2)", {{"a", "3"}}, false},
                      Match{"a notin (1,2)", {{"a", "3"}}, true}, Match{"a notin (1,2)", {}, true},
                      Match{"a notin (1,2)", {{"a", "1"}}, false},
                      Match{"a in (,x)", {{"a", ""}}, true}, Match{"a=", {{"a", ""}}, true},
                      Match{"a>5", {{"a", "6"}}, true}, Match{"a<5", {{"a", "x"}}, false},
                      Match{"x.io/a=1,b in (2),!c", {{"x.io/a", "1"}, {"b", "2"}}, true},
                      Match{"in in (in)", {{"in", "in"}}, true}));

TEST(LabelSelectorTest, a_malformed_text_says_what_was_expected) {
  for (const char* text : {"a=1,", "=1", "a in 1", "a in (1", "a b", "a=b=c", "a)", ",", "a=1 b=2",
                           "-a=1", "a=b!", "a>x", "!"}) {
    const Result<LabelSelector> selector = LabelSelector::parse(text);
    EXPECT_FALSE(selector.ok()) << text;
  }
  EXPECT_THAT(LabelSelector::parse("a in 1").error().message,
              HasSubstr(R"(found "1", expected "(")"));
  EXPECT_THAT(LabelSelector::parse("a=1,").error().message, HasSubstr("found the end"));
}

TEST(LabelSelectorTest, match_labels_and_expressions_are_joined) {
  const LabelSelector selector = *LabelSelector::from_json(*parse_json(R"({
    "matchLabels": {"a": "1"},
    "matchExpressions": [{"key": "b", "operator": "In", "values": ["x", "y"]},
                         {"key": "c", "operator": "DoesNotExist"}]})"));
  EXPECT_EQ(selector.text(), "a=1,b in (x,y),!c");
  EXPECT_EQ(selector.exact("a"), "1");
  EXPECT_EQ(selector.exact("b"), std::nullopt);
}

TEST(LabelSelectorTest, an_empty_object_matches_everything_and_null_nothing) {
  EXPECT_TRUE(LabelSelector::from_json(Json::object())->matches({}));
  EXPECT_TRUE(LabelSelector::from_json(Json::object())->matches_everything());
  EXPECT_FALSE(LabelSelector::from_json(nullptr)->matches({}));
  EXPECT_FALSE(LabelSelector::from_json(nullptr)->matches_everything());
}

TEST(LabelSelectorTest, a_wrong_expression_is_named) {
  const auto field = [](const char* text) {
    return LabelSelector::from_json(*parse_json(text)).error().fields[0].field;
  };
  EXPECT_EQ(field(R"({"matchExpressions": [{"key": "a", "operator": "Like"}]})"),
            "matchExpressions[0].operator");
  EXPECT_EQ(field(R"({"matchExpressions": [{"key": "a", "operator": "In"}]})"),
            "matchExpressions[0].values");
  EXPECT_EQ(field(R"({"matchLabels": {"a": 1}})"), "matchLabels[a]");
  EXPECT_EQ(field(R"({"matchLabels": {"a b": "1"}})"), "matchLabels[a b]");
}

TEST(FieldSelectorTest, names_are_matched_without_the_tree_and_other_fields_with_it) {
  const ObjectPtr event = *Object::parse(
      R"({"apiVersion":"v1","kind":"Event","metadata":{"name":"e","namespace":"n"},
          "involvedObject":{"kind":"Machine"},"count":3})");
  const std::vector<std::string> supported = {"involvedObject.kind", "reason", "count"};
  const auto matches = [&](const char* text) {
    return FieldSelector::parse(text, supported)->matches(*event);
  };
  EXPECT_TRUE(matches(""));
  EXPECT_TRUE(matches("metadata.name=e,metadata.namespace==n"));
  EXPECT_FALSE(matches("metadata.name!=e"));
  EXPECT_TRUE(matches("involvedObject.kind=Machine,reason=,count=3"));
  EXPECT_FALSE(matches("reason=x"));
  EXPECT_TRUE(FieldSelector::parse("metadata.name=e")->matches(*event->tree()));
}

TEST(FieldSelectorTest, separators_in_a_value_are_escaped) {
  const FieldSelector selector = *FieldSelector::parse(R"(metadata.name=a\,b\=c\\)");
  EXPECT_EQ(selector.exact("metadata.name"), "a,b=c\\");
  EXPECT_EQ(selector.text(), R"(metadata.name=a\,b\=c\\)");
  EXPECT_FALSE(FieldSelector::parse("metadata.name=a=b").ok());
  EXPECT_FALSE(FieldSelector::parse("metadata.name").ok());
  EXPECT_FALSE(FieldSelector::parse("metadata.name=\\x").ok());
}

TEST(FieldSelectorTest, an_unknown_field_is_refused_with_the_supported_ones) {
  const Result<FieldSelector> selector = FieldSelector::parse("spec.x=1", {"status.phase"});
  EXPECT_EQ(selector.code(), Code::kInvalid);
  EXPECT_EQ(selector.error().message,
            "field label not supported: spec.x; supported are metadata.name, metadata.namespace, "
            "status.phase");
}

}  // namespace
}  // namespace capstan
