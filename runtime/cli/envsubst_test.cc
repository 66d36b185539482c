#include "runtime/cli/envsubst.h"

#include <gtest/gtest.h>

namespace capstan::cli {
namespace {

std::string render(const std::string& text, const std::map<std::string, std::string>& values) {
  const Result<Template> parsed = Template::parse(text);
  if (!parsed.ok()) return "error: " + parsed.error().message;
  const Result<std::string> out = parsed->render([&](const std::string& name) {
    const auto found = values.find(name);
    return found == values.end() ? std::optional<std::string>() : found->second;
  });
  return out.ok() ? *out : "error: " + out.error().message;
}

struct Case {
  const char* text;
  const char* expected;
};

TEST(EnvsubstTest, every_form_gives_what_a_shell_would) {
  const std::map<std::string, std::string> values = {{"A", "node.example.com"}, {"E", ""}};
  const Case cases[] = {
      {"x ${A} y", "x node.example.com y"},
      {"${ A }", "node.example.com"},
      {"${B:-b}${B:=c}${B=d}", "bcd"},
      {"${E:-fallback}", "fallback"},
      {"${B:=[\"192.168.0.0/16\"]}", "[\"192.168.0.0/16\"]"},
      {"${B:-${A}}", "node.example.com"},
      {"${#A}", "16"},
      {"${A^}", "Node.example.com"},
      {"${A^^}", "NODE.EXAMPLE.COM"},
      {"${A%.*}", "node.example"},
      {"${A%%.*}", "node"},
      {"${A#*.}", "example.com"},
      {"${A##*.}", "com"},
      {"${A:5}", "example.com"},
      {"${A:5:7}", "example"},
      {"${A/e/E}", "nodE.example.com"},
      {"${A//e/E}", "nodE.ExamplE.com"},
      {"${A/#node/n}", "n.example.com"},
      {"${A/%com/org}", "node.example.org"},
      {"$${A}", "${A}"},
      {"$A $(A)", "$A $(A)"},
  };
  for (const Case& c : cases) EXPECT_EQ(render(c.text, values), c.expected) << c.text;
}

TEST(EnvsubstTest, all_missing_variables_are_named_at_once) {
  EXPECT_EQ(
      render("${B} ${A} ${B:-x}", {}),
      "error: value for variables [A, B] is not set. Please set the value using os environment "
      "variables or the clusterctl config file");
}

TEST(EnvsubstTest, a_malformed_expression_is_named_with_its_line) {
  EXPECT_EQ(render("a\nb ${A", {}),
            "error: line 2 of the template: \"${A\" is not closed with \"}\"");
  EXPECT_EQ(render("${}", {}), "error: line 1 of the template: a variable name must follow \"${\"");
  EXPECT_EQ(render("${A@}", {}),
            "error: line 1 of the template: \"A\" is followed by the unknown operator \"@\"");
}

TEST(EnvsubstTest, variables_are_listed_once_with_their_defaults) {
  const Template parsed = *Template::parse("${B:=1} ${A} ${B:=1} ${C:-x} ${C}");
  const std::vector<TemplateVariable> variables = parsed.variables();
  ASSERT_EQ(variables.size(), 3U);
  EXPECT_EQ(variables[0].name, "A");
  EXPECT_FALSE(variables[0].fallback.has_value());
  EXPECT_EQ(variables[1].fallback, "1");
  EXPECT_FALSE(variables[2].fallback.has_value()) << "one use of C has no default";
}

}  // namespace
}  // namespace capstan::cli
