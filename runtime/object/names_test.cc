#include "runtime/object/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/object/duration_text.h"

namespace capstan {
namespace {

using ::testing::HasSubstr;

TEST(NamesTest, a_subdomain_is_lower_case_labels_between_dots) {
  for (const char* good : {"a", "a-b.c", "1.2", "worker-1"})
    EXPECT_EQ(check_dns_subdomain(good), "");
  for (const char* bad : {"", "A", "a_b", "-a", "a-", "a..b", ".a", "a b"}) {
    EXPECT_THAT(check_dns_subdomain(bad), HasSubstr("RFC 1123 subdomain")) << bad;
  }
  EXPECT_EQ(check_dns_subdomain(std::string(254, 'a')), "must be no more than 253 characters");
}

TEST(NamesTest, a_label_has_no_dots_and_a_1035_label_starts_with_a_letter) {
  EXPECT_EQ(check_dns_label("1a"), "");
  EXPECT_THAT(check_dns_label("a.b"), HasSubstr("RFC 1123 label"));
  EXPECT_EQ(check_dns_label(std::string(64, 'a')), "must be no more than 63 characters");
  EXPECT_EQ(check_dns_1035_label("a1"), "");
  EXPECT_THAT(check_dns_1035_label("1a"), HasSubstr("DNS-1035"));
}

TEST(NamesTest, a_path_segment_is_anything_without_slash_and_percent) {
  EXPECT_EQ(check_path_segment("system:node"), "");
  EXPECT_EQ(check_path_segment("a/b"), "may not contain '/'");
  EXPECT_EQ(check_path_segment(".."), "may not be '..'");
}

TEST(NamesTest, a_qualified_name_may_have_a_prefix) {
  for (const char* good : {"a", "A_b.c", "x.io/a", "cluster.x-k8s.io/cluster-name"}) {
    EXPECT_EQ(check_qualified_name(good), "") << good;
  }
  EXPECT_EQ(check_qualified_name("/a"), "prefix part must be non-empty");
  EXPECT_EQ(check_qualified_name("a/"), "name part must be non-empty");
  EXPECT_THAT(check_qualified_name("X/a"), HasSubstr("prefix part a lowercase RFC 1123"));
  EXPECT_THAT(check_qualified_name("a/b/c"), HasSubstr("with an optional DNS subdomain prefix"));
  EXPECT_THAT(check_qualified_name("_a"), HasSubstr("name part must consist of"));
}

TEST(NamesTest, a_label_value_may_be_empty) {
  EXPECT_EQ(check_label_value(""), "");
  EXPECT_EQ(check_label_value("A.b_c-1"), "");
  EXPECT_THAT(check_label_value("a b"), HasSubstr("a valid label must be"));
  EXPECT_EQ(check_label_value(std::string(64, 'a')), "must be no more than 63 characters");
}

TEST(DurationTextTest, units_may_follow_each_other_and_have_fractions) {
  using std::chrono::milliseconds;
  EXPECT_EQ(*parse_duration("1h30m"), std::chrono::minutes(90));
  EXPECT_EQ(*parse_duration("-1.5s"), milliseconds(-1500));
  EXPECT_EQ(*parse_duration("300ms"), milliseconds(300));
  EXPECT_EQ(*parse_duration("0"), Duration(0));
  for (const char* bad : {"", "-", "1", "s", "1x", "1h-1m", "999999999h", "1..5s"}) {
    EXPECT_FALSE(parse_duration(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace capstan
