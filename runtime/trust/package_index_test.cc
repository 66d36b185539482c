#include "runtime/trust/package_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/trust/digest.h"

namespace capstan {
namespace {

using testing::HasSubstr;

TEST(PackageIndexTest, an_index_survives_its_text) {
  PackageIndex index{"acme", "1.2.3", "acme.so", {}};
  index.files["acme.so"] = {sha256_hex("x"), 1};
  index.files["python/k3s/provider.py"] = {sha256_hex("y"), 7};
  const PackageIndex read = *PackageIndex::parse(index.text());
  EXPECT_EQ(read.name, "acme");
  EXPECT_EQ(read.version, "1.2.3");
  EXPECT_EQ(read.library, "acme.so");
  EXPECT_EQ(read.files.at("python/k3s/provider.py").sha256, sha256_hex("y"));
  EXPECT_EQ(read.files.at("python/k3s/provider.py").size, 7u);
}

TEST(PackageIndexTest, each_mistake_is_named) {
  const auto reason = [](const std::string& text) {
    return PackageIndex::parse(text).error().message;
  };
  EXPECT_THAT(reason("{"), HasSubstr("index.json"));
  EXPECT_THAT(reason("{}"), HasSubstr("format: must be capstan.package/1"));
  const std::string head = R"({"format":"capstan.package/1","name":"a","version":"1.0.0")";
  EXPECT_THAT(reason(head + "}"), HasSubstr("files: must be a map"));
  EXPECT_THAT(reason(head + R"(,"files":{"../x":{}}})"), HasSubstr("no path inside a package"));
  EXPECT_THAT(reason(head + R"(,"files":{"x":{"sha256":"12","size":1}}})"), HasSubstr("no sha256"));
  EXPECT_THAT(reason(head + R"(,"files":{},"library":"a.so"})"), HasSubstr("is none of the files"));
  EXPECT_THAT(reason(R"({"format":"capstan.package/1","name":"../a","version":"1.0.0"})"),
              HasSubstr("name:"));
  EXPECT_THAT(reason(R"({"format":"capstan.package/1","name":"a","version":"../1"})"),
              HasSubstr("version:"));
}

TEST(PackagePathTest, only_plain_relative_paths_are_inside_a_package) {
  for (const char* good : {"a.so", "python/k3s/provider.py", "a b.txt", "x-1_2+3"}) {
    EXPECT_TRUE(is_package_path(good)) << good;
  }
  for (const char* bad : {"", "/a", "a/", "a//b", "..", "a/../b", "./a", ".hidden", "a/.b", "a\\b",
                          "c:a", "a\nb", "\xc3\xa4", "a/b/c/d/e/f/g/h/i/j/k/l/m"}) {
    EXPECT_FALSE(is_package_path(bad)) << bad;
  }
  EXPECT_FALSE(is_package_path(std::string(201, 'a')));
}

TEST(SemanticVersionTest, versions_are_ordered_as_semver_org_says) {
  const char* ordered[] = {"0.9.9",      "1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta",
                           "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
                           "1.0.0",      "1.0.1",        "1.2.0",         "1.10.0",
                           "2.0.0"};
  for (size_t i = 0; i + 1 < std::size(ordered); ++i) {
    EXPECT_LT(compare_semantic_versions(ordered[i], ordered[i + 1]), 0) << ordered[i];
    EXPECT_GT(compare_semantic_versions(ordered[i + 1], ordered[i]), 0) << ordered[i];
  }
  EXPECT_EQ(compare_semantic_versions("1.0.0+a", "1.0.0+b"), 0);
  for (const char* bad : {"", "1", "1.2", "v1.2.3", "1.2.3-", "1.2.3+", "1.2.3-a..b", "1.2.x",
                          "1.2.3/..", "1234567890.0.0"}) {
    EXPECT_FALSE(is_semantic_version(bad)) << bad;
  }
}

}  // namespace
}  // namespace capstan
