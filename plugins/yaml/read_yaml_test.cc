#include "plugins/yaml/read_yaml.h"

#include <gtest/gtest.h>

namespace capstan::yaml {
namespace {

TEST(ReadYamlTest, plain_scalars_have_their_types_and_quoted_ones_are_text) {
  const auto documents = parse_yaml("a: 1\nb: \"1\"\nc: true\nd: 0644\ne: v1.34.2\n---\n- ~\n");
  ASSERT_TRUE(documents.ok());
  ASSERT_EQ(documents->size(), 2u);
  EXPECT_EQ((*documents)[0],
            (Json{{"a", 1}, {"b", "1"}, {"c", true}, {"d", "0644"}, {"e", "v1.34.2"}}));
}

TEST(ReadYamlTest, what_is_no_yaml_is_refused_with_its_line) {
  const auto documents = parse_yaml("a: 1\nb: [\n");
  ASSERT_FALSE(documents.ok());
  EXPECT_NE(documents.error().summary.find("line"), std::string::npos);
}

TEST(ReadYamlTest, aliases_cannot_make_a_short_text_huge) {
  std::string nodes = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c < 'i'; ++c) {
    const std::string last = std::string("*") + static_cast<char>(c - 1);
    nodes += std::string(1, c) + ": &" + c + " [" + last;
    for (int i = 0; i < 9; ++i) nodes += ", " + last;
    nodes += "]\n";
  }
  EXPECT_FALSE(parse_yaml(nodes).ok());
  std::string texts = "a: &a " + std::string(900'000, 'x') + "\nb: [*a";
  for (int i = 0; i < 50; ++i) texts += ", *a";
  EXPECT_FALSE(parse_yaml(texts + "]\n").ok());
}

}  // namespace
}  // namespace capstan::yaml
