#include "plugins/kubeadm/bootstrap/file_template.h"

#include <gtest/gtest.h>

namespace capstan::kubeadm {
namespace {

std::string rendered(std::string_view text, const std::string& version = "v1.34.2") {
  const auto result = render_file_template(text, version);
  return result.ok() ? *result : "error: " + result.error().summary;
}

TEST(FileTemplateTest, the_control_planes_version_is_put_in) {
  EXPECT_EQ(rendered("a {{ .controlPlane.version }} b {{.controlPlane.version}}"),
            "a v1.34.2 b v1.34.2");
  EXPECT_EQ(rendered("no action { } at all"), "no action { } at all");
}

TEST(FileTemplateTest, a_condition_asks_whether_the_version_is_known) {
  const char* text = "{{ if .controlPlane }}{{ .controlPlane.version }}{{ else }}none{{ end }}!";
  EXPECT_EQ(rendered(text), "v1.34.2!");
  EXPECT_EQ(rendered(text, ""), "none!");
  EXPECT_EQ(rendered("{{ if .controlPlane.version }}a{{ end }}b", ""), "b");
}

TEST(FileTemplateTest, blanks_are_trimmed_where_it_says_so_and_comments_are_dropped) {
  EXPECT_EQ(rendered("a \n {{- .controlPlane.version -}} \n b"), "av1.34.2b");
  EXPECT_EQ(rendered("a{{/* for people */}}b"), "ab");
}

TEST(FileTemplateTest, what_is_not_understood_is_named) {
  for (const char* text : {"{{ .cluster.name }}", "{{ range . }}", "{{ else }}", "{{ end }}",
                           "{{ if eq 1 1 }}", "{{ printf `%s` .controlPlane.version }}"}) {
    EXPECT_NE(rendered(text).find("is not supported"), std::string::npos) << text;
  }
  EXPECT_NE(rendered("{{ if .controlPlane }}").find("has no {{ end }}"), std::string::npos);
  EXPECT_NE(rendered("a {{ b").find("has no end"), std::string::npos);
  EXPECT_NE(rendered("{{ .controlPlane.version }}", "").find("is not known"), std::string::npos);
}

}  // namespace
}  // namespace capstan::kubeadm
