#include <capstan/json.h>
#include <gtest/gtest.h>

namespace capstan::sdk {
namespace {

class Text : public testing::TestWithParam<const char*> {};

TEST_P(Text, is_read_and_written_as_the_general_parser_and_serializer_do_it) {
  const Json expected = Json::parse(GetParam());
  const Json tree = parse_json_or_throw(GetParam());
  EXPECT_EQ(tree, expected);
  EXPECT_EQ(tree.type(), expected.type());
  EXPECT_EQ(dump_json(tree), expected.dump(-1, ' ', false, Json::error_handler_t::replace));
}

INSTANTIATE_TEST_SUITE_P(
    Texts, Text,
    testing::Values(
        "{}", "[]", "null", "true", "false", "\"\"", "0", "-0", "-1", "7", "999999999999999999",
        "9223372036854775807", "-9223372036854775808", "18446744073709551615",
        "18446744073709551616", "1.0", "-0.5", "1e3",
        "{\"b\":1,\"a\":{\"c\":[1,[],{}],\"d\":\"e\"}}", "{\"a\":1,\"a\":2}",
        "\"\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0001 \\u007f \\u00e4 \\u20ac \\ud83d\\ude00\"",
        "\"\x7f \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\"", "[1,\"a\",null,false]",
        " { \"a\" : [ 1 , 2 ] } "));

TEST(PlainJsonTest, what_is_no_json_is_refused_as_the_general_parser_does_it) {
  for (const char* text :
       {"",        " ",         "{",           "[1,]",   "{\"a\"}",  "{\"a\":}", "{,}",
        "01",      "-",         "1.",          "+1",     "tru",      "nul",      "\"a",
        "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\n\"", "\"\xff\"", "{} {}",    "[1 2]"}) {
    EXPECT_FALSE(Json::accept(text)) << text;
    EXPECT_FALSE(parse_json(text).ok()) << text;
  }
}

TEST(PlainJsonTest, deep_nesting_is_the_general_parsers) {
  const std::string deep = std::string(5000, '[') + std::string(5000, ']');
  EXPECT_TRUE(parse_json(deep).ok());
}

TEST(PlainJsonTest, bytes_that_are_no_utf8_are_replaced) {
  EXPECT_EQ(dump_json(Json("a\xff")), "\"a\xef\xbf\xbd\"");
}

}  // namespace
}  // namespace capstan::sdk
