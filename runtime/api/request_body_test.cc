#include "runtime/api/request_body.h"

#include <gtest/gtest.h>

namespace capstan {
namespace {

TEST(RequestBodyTest, doubled_members_are_told_with_their_path) {
  const auto body =
      decode_json_body(R"({"a":1,"spec":{"list":[{"x":1},{"x":1,"y":[{}],"x":2}],"x":1},"a":2})");
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(body->duplicates, (std::vector<std::string>{"spec.list[1].x", "a"}));
  EXPECT_EQ(body->value["a"], 2);
}

TEST(RequestBodyTest, an_empty_body_is_null) {
  EXPECT_TRUE(decode_body("application/json", "  \n")->value.is_null());
  EXPECT_TRUE(decode_body("", "")->value.is_null());
}

TEST(RequestBodyTest, yaml_and_json_are_told_apart_by_content_type) {
  EXPECT_EQ(decode_body("application/apply-patch+yaml", "a: [1]")->value, Json({{"a", {1}}}));
  EXPECT_EQ(decode_body("application/apply-patch+yaml", R"({"a":1})")->value, Json({{"a", 1}}));
  EXPECT_FALSE(decode_body("application/json", "a: [1]").ok());
  EXPECT_EQ(decode_body("application/json; charset=utf-8", "{}")->value, Json::object());
}

TEST(RequestBodyTest, what_cannot_be_read_is_refused) {
  EXPECT_EQ(decode_body("text/plain", "x").code(), Code::kUnimplemented);
  EXPECT_EQ(decode_body("application/json", "{").code(), Code::kInvalid);
  EXPECT_EQ(decode_body("application/json", std::string(200, '[') + std::string(200, ']')).code(),
            Code::kInvalid);
  EXPECT_EQ(decode_body("application/json", std::string(100'000, '{')).code(), Code::kInvalid);
}

}  // namespace
}  // namespace capstan
