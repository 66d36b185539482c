#include "runtime/object/object_text.h"

#include <gtest/gtest.h>

namespace capstan {
namespace {

std::string object_with(const std::string& metadata) {
  return R"({"apiVersion":"v1","data":{"a":"}\"{"},"kind":"X","metadata":)" + metadata +
         R"(,"spec":{"metadata":{"resourceVersion":"no"}}})";
}

struct Splice {
  std::string before;
  std::string after;
};

TEST(ObjectTextTest, a_resource_version_is_set_where_a_sorted_dump_has_it) {
  const std::vector<Splice> cases = {
      {R"({})", R"({"resourceVersion":"7"})"},
      {R"({"name":"a"})", R"({"name":"a","resourceVersion":"7"})"},
      {R"({"name":"a","uid":"u"})", R"({"name":"a","resourceVersion":"7","uid":"u"})"},
      {R"({"uid":"u"})", R"({"resourceVersion":"7","uid":"u"})"},
      {R"({"name":"a","resourceVersion":"123456","uid":"u"})",
       R"({"name":"a","resourceVersion":"7","uid":"u"})"},
      {R"({"uid":"u","resourceVersion":null,"name":"a"})",
       R"({"uid":"u","resourceVersion":"7","name":"a"})"},
      {R"({"labels":{"resourceVersion":"1"},"l":[{"resourceVersion":2}]})",
       R"({"labels":{"resourceVersion":"1"},"l":[{"resourceVersion":2}],"resourceVersion":"7"})"},
  };
  for (const Splice& c : cases) {
    const auto text = with_resource_version(object_with(c.before), "7");
    ASSERT_TRUE(text.has_value()) << c.before;
    EXPECT_EQ(*text, object_with(c.after));
  }
}

TEST(ObjectTextTest, a_spliced_text_equals_the_dump_of_the_changed_tree) {
  const std::string text =
      R"({"apiVersion":"v1","kind":"X","metadata":{"annotations":{"a":"\\\"}"},"name":"n","uid":"u"}})";
  Json tree = Json::parse(text);
  tree["metadata"]["resourceVersion"] = "12";
  EXPECT_EQ((*Object::parse(text))->at_revision(12)->text(), dump_json(tree));
}

TEST(ObjectTextTest, names_written_with_escapes_are_still_set) {
  const ObjectPtr object = *Object::parse(
      R"({"apiVersion":"v1","kind":"X","metad\u0061ta":{"name":"n","resourceVersi\u006fn":"1"}})");
  EXPECT_EQ(object->meta().resource_version, 1U);
  const ObjectPtr next = object->at_revision(2);
  EXPECT_EQ(get_string(*next->tree(), {"metadata", "resourceVersion"}), "2");
  EXPECT_EQ((*Object::parse(next->text()))->meta().resource_version, 2U);
}

TEST(ObjectTextTest, managed_fields_are_cut_out_where_they_stand) {
  const std::vector<Splice> cases = {
      {R"({})", R"({})"},
      {R"({"name":"a"})", R"({"name":"a"})"},
      {R"({"managedFields":[{"a":"]}"}]})", R"({})"},
      {R"({"labels":{"managedFields":"x"},"managedFields":[]})",
       R"({"labels":{"managedFields":"x"}})"},
      {R"({"managedFields":[1],"name":"a"})", R"({"name":"a"})"},
      {R"({"labels":{},"managedFields":[1],"name":"a"})", R"({"labels":{},"name":"a"})"},
  };
  for (const Splice& c : cases) {
    std::string out;
    append_without_managed_fields(out, object_with(c.before));
    EXPECT_EQ(out, object_with(c.after));
  }
}

TEST(ObjectTextTest, a_member_given_twice_means_the_last_everywhere) {
  const ObjectPtr object = *Object::parse(
      R"({"apiVersion":"v1","kind":"X","metadata":{"name":"a"},"metadata":{"name":"b","name":"c"}})");
  EXPECT_EQ(object->meta().name, "c");
  EXPECT_EQ(get_string(*object->tree(), {"metadata", "name"}), "c");
  EXPECT_EQ(get_string(*object->at_revision(3)->tree(), {"metadata", "resourceVersion"}), "3");
}

TEST(ObjectTextTest, white_space_is_removed_but_not_inside_strings) {
  const ObjectPtr object = *Object::parse(
      "{ \"apiVersion\": \"v1\",\n \"kind\": \"X\", \"metadata\": {\"name\": \"a  b\"} }\n");
  EXPECT_EQ(object->text(), R"({"apiVersion":"v1","kind":"X","metadata":{"name":"a  b"}})");
}

TEST(ObjectTextTest, numbers_beyond_64_bits_are_kept_as_the_tree_reads_them) {
  const ObjectPtr object = *Object::parse(
      R"({"apiVersion":"v1","kind":"X","metadata":{},"n":123456789012345678901234567890})");
  EXPECT_TRUE((*object->tree())["n"].is_number_float());
}

TEST(ObjectTextTest, what_the_tree_parser_refuses_is_refused) {
  const std::string start = R"({"apiVersion":"v1","kind":"X","metadata":{},"x":)";
  for (const std::string& value :
       {std::string("1e400"), std::string("\"\\udc00\""), std::string("\"\xff\""),
        std::string("01"), std::string("[1,]"), std::string("nul"), std::string("\"\n\""),
        std::string(300, '[') + std::string(300, ']')}) {
    EXPECT_EQ(Object::parse(start + value + "}").code(), Code::kInvalid) << value;
    EXPECT_FALSE(parse_json(start + value + "}").ok()) << value;
  }
  EXPECT_EQ(Object::parse(start + "1}}").code(), Code::kInvalid);
  EXPECT_EQ(Object::parse("").code(), Code::kInvalid);
}

TEST(ObjectTextTest, a_tree_is_dropped_only_when_it_was_idle) {
  const ObjectPtr object =
      *Object::from_json(Json{{"apiVersion", "v1"}, {"kind", "X"}, {"metadata", Json::object()}});
  const JsonPtr kept = object->tree();
  EXPECT_FALSE(object->drop_idle_tree());
  EXPECT_EQ(object->tree(), kept);
  EXPECT_FALSE(object->drop_idle_tree());
  EXPECT_TRUE(object->drop_idle_tree());
  EXPECT_NE(object->tree(), kept);
  EXPECT_EQ(*object->tree(), *kept);
}

}  // namespace
}  // namespace capstan
