#include "runtime/trust/trust_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace capstan {
namespace {

using testing::HasSubstr;

TEST(TrustConfigTest, all_members_are_read) {
  const auto config = TrustConfig::from_json(*parse_json(R"({
    "require": "digest",
    "publishers": [{"name": "acme", "key": "/etc/acme.pub", "notAfter": "2027-01-01T00:00:00Z"}],
    "directories": [{"path": "/opt/acme/", "require": "signed", "publishers": ["acme"]}],
    "digests": {"/opt/x.so":
      "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}})"));
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->require, TrustLevel::kDigest);
  EXPECT_EQ(config->publishers[0].key_file, "/etc/acme.pub");
  EXPECT_EQ(format_time(*config->publishers[0].not_after), "2027-01-01T00:00:00Z");
  EXPECT_EQ(config->directories[0].path, "/opt/acme");
  EXPECT_EQ(config->directories[0].require, TrustLevel::kSigned);
  EXPECT_EQ(config->digests.at("/opt/x.so").size(), 64u);
}

TEST(TrustConfigTest, each_mistake_is_named_with_its_field) {
  const std::pair<const char*, const char*> cases[] = {
      {R"([])", "trust: must be a map"},
      {R"({"requires": "none"})", "trust.requires: is unknown; expected require, publishers"},
      {R"({"require": "always"})", "trust.require: \"always\" is none of signed, digest, none"},
      {R"({"publishers": {}})", "trust.publishers: must be a list"},
      {R"({"publishers": [{"name": "A"}]})", "trust.publishers[0].name: must be a name"},
      {R"({"publishers": [{"name": "a"}]})", "trust.publishers[0].key: is missing"},
      {R"({"publishers": [{"name": "a", "key": "a.pub"}]})", "must be an absolute path"},
      {R"({"publishers": [{"name": "a", "key": "/a", "notAfter": "soon"}]})", "must be a time"},
      {R"({"directories": [{"path": "/a"}]})", "trust.directories[0].require: is missing"},
      {R"({"directories": [{"path": "/a", "require": "signed", "publishers": ["b"]}]})",
       "\"b\" is none of trust.publishers"},
      {R"({"digests": {"/a": "12"}})", "trust.digests./a: must be sha256:"},
  };
  for (const auto& [text, words] : cases) {
    const auto config = TrustConfig::from_json(*parse_json(text));
    ASSERT_FALSE(config.ok()) << text;
    EXPECT_THAT(config.error().message, HasSubstr(words));
  }
}

}  // namespace
}  // namespace capstan
