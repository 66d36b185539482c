#include "runtime/yaml/yaml.h"

#include <gtest/gtest.h>

namespace capstan {
namespace {

Json parsed(std::string_view text) {
  Result<Json> value = parse_yaml(text);
  EXPECT_TRUE(value.ok()) << (value.ok() ? "" : value.error().message);
  return value.ok() ? *value : Json();
}

TEST(YamlTest, plain_scalars_have_the_types_of_yaml_1_2) {
  struct Case {
    const char* text;
    Json value;
  };
  const Case cases[] = {
      {"null", nullptr},
      {"~", nullptr},
      {"true", true},
      {"False", false},
      {"yes", "yes"},
      {"on", "on"},
      {"012", 12},
      {"0x1f", 31},
      {"0o17", 15},
      {"-7", -7},
      {"+7", 7},
      {"1.5", 1.5},
      {"1e3", 1000.0},
      {".5", 0.5},
      {"1.2.3", "1.2.3"},
      {"v1.2", "v1.2"},
      {"1_000", "1_000"},
      {"10.0.0.0/8", "10.0.0.0/8"},
      {"\"true\"", "true"},
      {"'12'", "12"},
      {"18446744073709551615", 18446744073709551615u},
      {"12:30", "12:30"},
      {"2026-01-02", "2026-01-02"},
  };
  for (const Case& c : cases)
    EXPECT_EQ(parsed(std::string("v: ") + c.text)["v"], c.value) << c.text;
}

TEST(YamlTest, infinities_are_refused_with_their_place) {
  const Result<Json> value = parse_yaml("a: 1\nb: .inf\n");
  ASSERT_FALSE(value.ok());
  EXPECT_EQ(value.error().message,
            "the YAML is malformed at line 2, column 4: \".inf\" has no JSON value");
}

TEST(YamlTest, a_text_has_several_documents_and_empty_ones_do_not_count) {
  const auto documents = parse_yaml_documents("---\na: 1\n---\n# nothing\n---\nb: 2\n");
  ASSERT_TRUE(documents.ok());
  EXPECT_EQ(*documents, (std::vector<Json>{{{"a", 1}}, {{"b", 2}}}));
  EXPECT_FALSE(parse_yaml("a: 1\n---\nb: 2\n").ok());
}

TEST(YamlTest, json_is_yaml) {
  EXPECT_EQ(parsed(R"({"a": [1, "two", {"b": null}]})"),
            Json::parse(R"({"a":[1,"two",{"b":null}]})"));
}

TEST(YamlTest, a_key_twice_in_one_map_is_refused) {
  const Result<Json> value = parse_yaml("a: 1\nb: 2\na: 3\n");
  ASSERT_FALSE(value.ok());
  EXPECT_EQ(value.error().message,
            "the YAML is malformed at line 3, column 1: key \"a\" is already set in this map");
}

TEST(YamlTest, anchors_and_merge_keys_are_resolved) {
  EXPECT_EQ(parsed("base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  y: 3\nagain: *b\n"),
            Json::parse(R"({"base":{"x":1,"y":2},"use":{"x":1,"y":3},"again":{"x":1,"y":2}})"));
}

TEST(YamlTest, aliases_cannot_make_a_small_text_large) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int j = 0; j < 9; ++j) text += ", " + last;
    text += "]\n";
  }
  EXPECT_FALSE(parse_yaml(text).ok());
}

TEST(YamlTest, aliases_cannot_repeat_a_long_text_without_end) {
  const YamlLimits limits{.repeated = 8000};
  std::string text = "a: &a " + std::string(1000, 'x') + "\nb:\n";
  for (int i = 0; i < 7; ++i) text += "- *a\n";
  EXPECT_TRUE(parse_yaml(text, limits).ok());
  text += "- *a\n";
  const auto refused = parse_yaml(text, limits);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("repeat more than 8000 bytes"), std::string::npos)
      << refused.error().message;
}

TEST(YamlTest, anchors_inside_of_anchors_cannot_keep_a_long_text_without_end) {
  std::string text;
  for (int i = 0; i < 20; ++i) text += "&a" + std::to_string(i) + " [";
  text += std::string(1000, 'x') + std::string(20, ']');
  EXPECT_TRUE(parse_yaml(text, {.repeated = 20'000}).ok());
  EXPECT_FALSE(parse_yaml(text, {.repeated = 19'000}).ok());
}

TEST(YamlTest, nesting_is_limited) {
  EXPECT_FALSE(parse_yaml(std::string(200, '[') + std::string(200, ']')).ok());
  EXPECT_FALSE(parse_yaml(std::string(100'000, '[')).ok());
}

TEST(YamlTest, malformed_text_says_where) {
  for (const char* text :
       {"a: [1", "a: b: c", "\t- x", "a: \"x", "{a: 1}}", "? [x]\n: 1", "*b", ",{}"}) {
    const Result<Json> value = parse_yaml(text);
    ASSERT_FALSE(value.ok()) << text;
    EXPECT_NE(value.error().message.find("line "), std::string::npos) << value.error().message;
  }
}

TEST(YamlTest, what_is_dumped_reads_back_as_the_same_value) {
  const Json values[] = {
      Json::object(),
      Json::array(),
      nullptr,
      "text",
      Json::parse(R"({"a":[1,[2,3],[],{"b":{},"c":[{"d":1,"e":[4]}]}],"n":null,"t":true,"f":1.5})"),
      {{"yes", "no"}, {"012", "12"}, {"", ""}, {"a: b", "- x"}, {"#", "x #y"}, {"t", "12:30"}},
      {{"text", "line 1\n  line 2\nline 3\n"}, {"keep", "a\n\n"}, {"strip", "a\nb"}},
      {{"space", " a\nb"}, {"only", "\n"}, {"tab", "a\tb\nc"}, {"end", "a \nb"}, {"cr", "a\r\nb"}},
      {{"quote", "it's \"so\""}, {"unicode", "grün\u2028"}, {"star", "*x"}, {"tilde", "~"}},
  };
  for (const Json& value : values) EXPECT_EQ(parsed(dump_yaml(value)), value) << dump_yaml(value);
}

TEST(YamlTest, a_dump_looks_as_kubectl_prints_it) {
  EXPECT_EQ(dump_yaml(Json::parse(R"({"kind":"X","list":[{"a":1,"b":2},"c"],"text":"a\nb\n"})")),
            "kind: X\nlist:\n- a: 1\n  b: 2\n- c\ntext: |\n  a\n  b\n");
}

}  // namespace
}  // namespace capstan
