#include "runtime/object/patch/json_patch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace capstan {
namespace {

using ::testing::HasSubstr;

struct Case {
  const char* target;
  const char* patch;
  const char* result;  // the patched value, or what the error must say
  bool fails = false;
};

class JsonPatchTest : public ::testing::TestWithParam<Case> {};

TEST_P(JsonPatchTest, does_what_rfc_6902_says) {
  const Json before = *parse_json(GetParam().target);
  Json target = before;
  const Result<void> done = apply_json_patch(target, *parse_json(GetParam().patch));
  if (GetParam().fails) {
    ASSERT_FALSE(done.ok());
    EXPECT_THAT(done.error().message, HasSubstr(GetParam().result));
    EXPECT_EQ(target, before) << "a failed patch must change nothing";
    return;
  }
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_EQ(target, *parse_json(GetParam().result));
}

INSTANTIATE_TEST_SUITE_P(
    Operations, JsonPatchTest,
    ::testing::Values(
        Case{R"({"a":1})", R"([{"op":"add","path":"/b","value":2}])", R"({"a":1,"b":2})"},
        Case{R"({"a":1})", R"([{"op":"add","path":"/a","value":2}])", R"({"a":2})"},
        Case{R"({"a":[1,3]})", R"([{"op":"add","path":"/a/1","value":2}])", R"({"a":[1,2,3]})"},
        Case{R"({"a":[1]})", R"([{"op":"add","path":"/a/1","value":2}])", R"({"a":[1,2]})"},
        Case{R"({"a":[1]})", R"([{"op":"add","path":"/a/-","value":2}])", R"({"a":[1,2]})"},
        Case{R"({"a":1})", R"([{"op":"add","path":"","value":{"b":1}}])", R"({"b":1})"},
        Case{R"({"a":1,"b":2})", R"([{"op":"remove","path":"/a"}])", R"({"b":2})"},
        Case{R"({"a":[1,2]})", R"([{"op":"remove","path":"/a/0"}])", R"({"a":[2]})"},
        Case{R"({"a":1})", R"([{"op":"replace","path":"/a","value":null}])", R"({"a":null})"},
        Case{R"({"a":{"b":1}})", R"([{"op":"move","from":"/a/b","path":"/c"}])",
             R"({"a":{},"c":1})"},
        Case{R"({"a":{"b":1}})", R"([{"op":"copy","from":"/a","path":"/c"}])",
             R"({"a":{"b":1},"c":{"b":1}})"},
        Case{R"({"a/b":1,"c~d":2})",
             R"([{"op":"test","path":"/a~1b","value":1},{"op":"test","path":"/c~0d","value":2}])",
             R"({"a/b":1,"c~d":2})"},
        Case{R"({"a":1})", R"([{"op":"test","path":"/a","value":1.0}])", R"({"a":1})"},
        Case{R"({"a":1})", "[]", R"({"a":1})"}));

INSTANTIATE_TEST_SUITE_P(
    Mistakes, JsonPatchTest,
    ::testing::Values(
        Case{"{}", "{}", "must be a list of operations", true},
        Case{"{}", R"([{"op":"jump","path":"/a"}])", R"(operation 0 (jump "/a"): op must be)",
             true},
        Case{"{}", R"([{"op":"add","path":"/a/b","value":1}])", R"("/a" does not exist)", true},
        Case{"{}", R"([{"op":"add","path":"/a"}])", "value is missing", true},
        Case{"{}", R"([{"op":"remove","path":"/a"}])", R"("/a" does not exist)", true},
        Case{"{}", R"([{"op":"replace","path":"/a","value":1}])", R"("/a" does not exist)", true},
        Case{R"({"a":[1]})", R"([{"op":"add","path":"/a/2","value":1}])",
             R"("2" is no index of the list "/a" of 1 items)", true},
        Case{R"({"a":[1]})", R"([{"op":"remove","path":"/a/01"}])", R"("/a/01" does not exist)",
             true},
        Case{R"({"a":1})",
             R"([{"op":"add","path":"/b","value":1},{"op":"test","path":"/a","value":2}])",
             R"(operation 1 (test "/a"): the test failed: expected 2, found 1)", true},
        Case{R"({"a":{}})", R"([{"op":"move","from":"/a","path":"/a/b"}])", "into itself", true},
        Case{R"({"a":1})", R"([{"op":"add","path":"/a/b","value":1}])",
             R"("/a" is neither an object nor a list)", true},
        Case{"{}", R"([{"op":"add","path":"a","value":1}])", "begin with", true},
        Case{"{}", R"([1])", "op must be one of", true}));

TEST(JsonPatchLimitTest, a_patch_cannot_grow_an_object_without_bound) {
  Json target = {{"a", Json::array({1, 2, 3, 4})}};
  Json patch = Json::array();
  for (int i = 0; i < 40; ++i) {
    patch.push_back({{"op", "copy"}, {"from", "/a"}, {"path", "/a/-"}});
  }
  EXPECT_THAT(apply_json_patch(target, patch).error().message, HasSubstr("copies more than"));
}

TEST(JsonPatchLimitTest, a_few_copies_of_a_long_text_are_too_much) {
  Json target = {{"a", std::string(1024 * 1024, 'x')}};
  Json patch = Json::array();
  for (int i = 0; i < 4; ++i) {
    patch.push_back({{"op", "copy"}, {"from", "/a"}, {"path", "/a" + std::to_string(i)}});
  }
  EXPECT_THAT(apply_json_patch(target, patch).error().message,
              HasSubstr("copies more than 3145728 bytes"));
  patch.erase(3);
  EXPECT_TRUE(apply_json_patch(target, patch).ok());
}

}  // namespace
}  // namespace capstan
