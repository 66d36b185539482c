#include "runtime/object/object_tree.h"

#include <gtest/gtest.h>

#include "runtime/base/raw_json.h"
#include "runtime/object/object.h"

namespace capstan {
namespace {

constexpr const char* kFields =
    R"([{"fieldsV1":{"f:spec":{".":{},"f:a":{}}},"manager":"m","operation":"Update"}])";

std::string object_with(const std::string& metadata) {
  return R"({"apiVersion":"v1","kind":"X","metadata":)" + metadata +
         R"(,"spec":{"metadata":{"managedFields":[1]}}})";
}

const Json* fields_in(const Json& tree) {
  return find(tree, {"metadata", "managedFields"});
}

TEST(ObjectTreeTest, managed_fields_stay_text_and_all_else_is_a_tree) {
  const std::string text = object_with(std::string(R"({"labels":{"a":"b"},"managedFields":)") +
                                       kFields + R"(,"name":"n"})");
  Json tree = *parse_object_tree(text);
  ASSERT_TRUE(is_raw_json(*fields_in(tree)));
  EXPECT_EQ(raw_text(*fields_in(tree)), kFields);
  EXPECT_EQ(dump_json(tree), text);
  EXPECT_EQ(managed_fields_of(tree), Json::parse(kFields));
  unpack_managed_fields(tree);
  EXPECT_EQ(tree, Json::parse(text));
  pack_managed_fields(tree);
  EXPECT_EQ(tree, *parse_object_tree(text));
}

TEST(ObjectTreeTest, an_object_without_them_is_an_ordinary_tree) {
  for (const char* metadata : {"{}", "null", "7", R"({"name":"n"})", R"({"labels":{}})"}) {
    const std::string text = object_with(metadata);
    EXPECT_EQ(*parse_object_tree(text), Json::parse(text));
    EXPECT_EQ(managed_fields_of(Json::parse(text)), nullptr);
  }
  EXPECT_EQ(*parse_object_tree("[1]"), Json::parse("[1]"));
}

TEST(ObjectTreeTest, what_the_fast_parser_leaves_to_the_general_one_is_the_same) {
  const std::string text = object_with(
      std::string(R"({"annotations":{"a":"\ud83d\ude00"},"managedFields":)") + kFields + "}");
  const Json tree = *parse_object_tree(text);
  EXPECT_EQ(raw_text(*fields_in(tree)), kFields);
  EXPECT_EQ(get_string(tree, {"metadata", "annotations", "a"}), "\xf0\x9f\x98\x80");
}

TEST(ObjectTreeTest, what_a_client_sent_is_text_where_it_is_compact) {
  const std::string compact = object_with(std::string(R"({"managedFields":)") + kFields + "}");
  EXPECT_EQ(raw_text(*fields_in(*parse_plain_object(compact))), kFields);
  const std::string wide = Json::parse(compact).dump(2);
  EXPECT_EQ(*parse_plain_object(wide), Json::parse(compact));
}

TEST(ObjectTreeTest, an_object_made_from_a_tree_has_them_as_text_too) {
  const std::string text =
      object_with(std::string(R"({"managedFields":)") + kFields + R"(,"name":"n"})");
  const ObjectPtr made = *Object::from_json(Json::parse(text));
  EXPECT_EQ(made->text(), text);
  EXPECT_EQ(*made->tree(), *(*Object::parse(text))->tree());
}

}  // namespace
}  // namespace capstan
