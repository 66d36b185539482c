#include "plugins/docker/cloudinit/jinja.h"

#include <gtest/gtest.h>

namespace capstan::docker {
namespace {

const JinjaVariables kVariables = {{"ds.meta_data.local_hostname", "worker-1"}};

TEST(JinjaTest, variables_are_filled_in) {
  struct Case {
    const char* text;
    const char* expected;
  };
  for (const Case& c :
       std::initializer_list<Case>{{"name: {{ ds.meta_data.local_hostname }}!", "name: worker-1!"},
                                   {"{{ds.meta_data.local_hostname}}", "worker-1"},
                                   {"{{- ds['meta_data'][\"local_hostname\"] -}}", "worker-1"},
                                   {"{{ ds.meta_data.region }}", "CI_MISSING_JINJA_VAR/region"},
                                   {"a{# a comment #}b", "ab"},
                                   {"{% raw %}{{ .Go }}{% endraw %} end", "{{ .Go }} end"},
                                   {"{a: {b: 1}} {", "{a: {b: 1}} {"},
                                   {"", ""}}) {
    const auto rendered = render_jinja(c.text, kVariables);
    ASSERT_TRUE(rendered.ok()) << c.text;
    EXPECT_EQ(*rendered, c.expected);
  }
}

TEST(JinjaTest, what_is_not_supported_is_refused) {
  for (const char* text : {"{% if x %}", "{{ a | upper }}", "{{ open", "{% raw %} without end"}) {
    EXPECT_EQ(render_jinja(text, kVariables).code(), sdk::Code::kInvalid) << text;
  }
}

TEST(JinjaTest, the_first_line_says_whether_it_is_a_template) {
  EXPECT_TRUE(is_jinja_template("## template: jinja\n#cloud-config\n"));
  EXPECT_TRUE(is_jinja_template("##template:jinja"));
  EXPECT_FALSE(is_jinja_template("#cloud-config\n## template: jinja\n"));
  EXPECT_FALSE(is_jinja_template(""));
}

}  // namespace
}  // namespace capstan::docker
