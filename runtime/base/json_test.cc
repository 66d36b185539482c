#include "runtime/base/json.h"

#include <gtest/gtest.h>

namespace capstan {
namespace {

TEST(JsonTest, malformed_text_is_named_with_its_place) {
  const Result<Json> parsed = parse_json("{\"a\": \n nope}");
  ASSERT_FALSE(parsed.ok());
  EXPECT_NE(parsed.error().message.find("line 2"), std::string::npos) << parsed.error().message;
}

TEST(JsonTest, deep_nesting_is_refused_not_followed) {
  EXPECT_FALSE(parse_json(std::string(5000, '[') + std::string(5000, ']')).ok());
  EXPECT_TRUE(parse_json(std::string(50, '[') + std::string(50, ']')).ok());
}

TEST(JsonTest, a_path_through_something_else_finds_nothing) {
  const Json value = {{"a", {{"b", 1}}}, {"c", "text"}};
  EXPECT_EQ(get_int(value, {"a", "b"}), 1);
  EXPECT_EQ(find(value, {"c", "b"}), nullptr);
  EXPECT_EQ(get_string(value, {"a", "b"}, "fallback"), "fallback");
}

TEST(JsonTest, a_diff_applied_gives_the_target) {
  const Json from = {{"keep", 1}, {"drop", 2}, {"deep", {{"x", 1}, {"y", 2}}}};
  const Json to = {{"keep", 1}, {"deep", {{"x", 3}}}, {"new", {{"z", nullptr}}}};
  Json patched = from;
  merge_patch(patched, merge_diff(from, {{"keep", 1}, {"deep", {{"x", 3}}}, {"new", 4}}));
  EXPECT_EQ(patched, Json({{"keep", 1}, {"deep", {{"x", 3}}}, {"new", 4}}));
  EXPECT_EQ(merge_diff(from, from), Json::object());
}

TEST(JsonTest, a_bracket_inside_a_text_is_no_nesting) {
  const std::string brackets = "\\\"" + std::string(500, '[');
  EXPECT_TRUE(parse_json("[\"" + brackets + "\"]").ok());
  EXPECT_TRUE(parse_json(std::string(100, '[') + std::string(100, ']')).ok());
  EXPECT_FALSE(parse_json(std::string(101, '[') + std::string(101, ']')).ok());
}

}  // namespace
}  // namespace capstan
