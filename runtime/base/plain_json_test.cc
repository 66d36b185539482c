#include "runtime/base/plain_json.h"

#include <gtest/gtest.h>

#include "runtime/base/raw_json.h"

namespace capstan {
namespace {

std::string text_of(const Json& value) {
  std::string text;
  append_json(text, value);
  return text;
}

std::string general_text_of(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

TEST(RawJsonTest, a_raw_value_is_written_as_it_is_and_equals_the_same_text) {
  const Json value = {{"a", raw_json("{\"b\":[1]}")}, {"c", 2}};
  EXPECT_EQ(text_of(value), "{\"a\":{\"b\":[1]},\"c\":2}");
  EXPECT_TRUE(is_raw_json(value["a"]));
  EXPECT_FALSE(is_raw_json(value["c"]));
  EXPECT_EQ(value["a"], raw_json("{\"b\":[1]}"));
  EXPECT_NE(value["a"], raw_json("{\"b\":[2]}"));
}

class OrdinaryText : public testing::TestWithParam<const char*> {};

TEST_P(OrdinaryText, is_read_as_the_general_parser_reads_it) {
  const Json expected = Json::parse(GetParam());
  const std::optional<Json> tree = parse_plain_json(GetParam());
  ASSERT_TRUE(tree.has_value());
  EXPECT_EQ(*tree, expected);
  EXPECT_EQ(tree->type(), expected.type());
}

TEST_P(OrdinaryText, is_written_as_the_general_serializer_writes_it) {
  const Json value = Json::parse(GetParam());
  EXPECT_EQ(text_of(value), general_text_of(value));
}

INSTANTIATE_TEST_SUITE_P(
    Texts, OrdinaryText,
    testing::Values("{}", "[]", "null", "true", "\"\"", "0", "-1", "9223372036854775807",
                    "-9223372036854775808", "9223372036854775808", "18446744073709551615", "1.0",
                    "-0.5", "1e3", "1.7976931348623157e308", "{\"b\":1,\"a\":{\"c\":[1,[],{}]}}",
                    "\"\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0001 \\u001f \\u007f\"",
                    "\"\\u00e4 \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\\n\"", "[1,\"a\",null,false]",
                    " { \"a\" : [ 1 , 2 ] } "));

class UnusualText : public testing::TestWithParam<const char*> {};

TEST_P(UnusualText, is_left_to_the_general_parser) {
  EXPECT_FALSE(parse_plain_json(GetParam()).has_value());
}

INSTANTIATE_TEST_SUITE_P(Texts, UnusualText,
                         testing::Values("", "{", "nope", "{} {}", "{\"a\":1,\"a\":2}",
                                         "18446744073709551616", "1e400", "\"\\ud83d\\ude00\"",
                                         "\"\\uD83D\"", "\"\xff\"", "[1,]", "\"a\nb\""));

TEST(PlainJsonTest, what_is_unusual_is_read_all_the_same_by_parse_json) {
  EXPECT_EQ(parse_json("\"\\ud83d\\ude00\"")->get<std::string>(), "\xf0\x9f\x98\x80");
  EXPECT_EQ(*parse_json("{\"a\":1,\"a\":2}"), Json({{"a", 2}}));
  EXPECT_TRUE(parse_json("18446744073709551616")->is_number_float());
  EXPECT_FALSE(parse_json("\"\\ud83d\"").ok());
}

TEST(PlainJsonTest, members_need_not_be_sorted) {
  const std::optional<Json> tree = parse_plain_json("{\"c\":1,\"a\":2,\"b\":3}");
  ASSERT_TRUE(tree.has_value());
  EXPECT_EQ(text_of(*tree), "{\"a\":2,\"b\":3,\"c\":1}");
}

TEST(PlainJsonTest, a_large_text_is_read_like_a_small_one) {
  Json value = Json::array();
  for (int i = 0; i < 20'000; ++i) value.push_back({{"name", "item " + std::to_string(i)}});
  const std::string text = text_of(value);
  EXPECT_EQ(text, general_text_of(value));
  const std::optional<Json> tree = parse_plain_json(text);
  ASSERT_TRUE(tree.has_value());
  EXPECT_TRUE(*tree == value);
}

TEST(PlainJsonTest, bytes_that_are_no_utf8_are_replaced) {
  const Json value = {{"a\xff", "\xc3\x28 \n"}};
  EXPECT_EQ(text_of(value), general_text_of(value));
}

}  // namespace
}  // namespace capstan
