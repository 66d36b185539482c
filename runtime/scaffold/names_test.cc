#include "runtime/scaffold/names.h"

#include <gtest/gtest.h>

namespace capstan::scaffold {
namespace {

TEST(PluginNamesTest, what_follows_from_a_name) {
  const auto names = PluginNames::make("my-cloud2", "acme.io");
  ASSERT_TRUE(names.ok());
  EXPECT_EQ(names->id, "io.acme.my-cloud2");
  EXPECT_EQ(names->prefix, "MyCloud2");
  EXPECT_EQ(names->package, "my_cloud2_provider");
}

TEST(PluginNamesTest, a_wrong_name_is_refused_with_the_rule) {
  for (const char* name :
       {"", "Acme", "1acme", "acme_cloud", "acme--cloud", "acme-", "-acme", "acme.cloud", "../acme",
        "acme cloud", "docker", "null", "a2345678901234567890123456789012345678901"}) {
    const auto names = PluginNames::make(name, "example.com");
    ASSERT_FALSE(names.ok()) << name;
    EXPECT_EQ(names.error().code, Code::kInvalid);
    EXPECT_NE(names.error().message.find("plugin name \"" + std::string(name) + "\""),
              std::string::npos)
        << names.error().message;
  }
}

TEST(PluginNamesTest, a_wrong_domain_is_refused) {
  for (const char* domain : {"", "example", "example.", ".com", "Example.com", "a b.com"}) {
    EXPECT_FALSE(PluginNames::make("acme", domain).ok()) << domain;
  }
}

TEST(PluginNamesTest, the_domain_is_found_again_in_the_id) {
  const auto names = PluginNames::of_manifest("acme", "io.example.clouds.acme");
  ASSERT_TRUE(names.ok());
  EXPECT_EQ(names->domain, "clouds.example.io");
  EXPECT_FALSE(PluginNames::of_manifest("acme", "io.example.other").ok());
}

TEST(KindNamesTest, files_are_named_by_words) {
  const PluginNames plugin = *PluginNames::make("acme", "example.com");
  EXPECT_EQ(KindNames::make(plugin, "resource", "AcmeDNSZone")->file, "acme_dns_zone");
  EXPECT_EQ(KindNames::make(plugin, "resource", "K3sConfig")->file, "k3s_config");
  EXPECT_EQ(KindNames::make(plugin, "resource", "Bucket")->file, "bucket");
}

TEST(KindNamesTest, groups_are_those_of_the_contract) {
  const PluginNames plugin = *PluginNames::make("acme", "example.com");
  EXPECT_EQ(KindNames::make(plugin, "resource", "Bucket")->group, "acme.example.com");
  EXPECT_EQ(KindNames::make(plugin, "machine", "AcmeMachine")->group,
            "infrastructure.cluster.x-k8s.io");
  EXPECT_EQ(KindNames::make(plugin, "control-plane", "AcmePlane")->group,
            "controlplane.cluster.x-k8s.io");
}

TEST(KindNamesTest, a_wrong_kind_is_refused) {
  const PluginNames plugin = *PluginNames::make("acme", "example.com");
  for (const char* kind : {"", "bucket", "ACME", "Acme-Bucket", "Acme_Bucket", "BucketTemplate",
                           "FakeCloud", "Class", "None", "AcmePlugin"}) {
    const auto names = KindNames::make(plugin, "resource", kind);
    ASSERT_FALSE(names.ok()) << kind;
    EXPECT_EQ(names.error().code, Code::kInvalid);
  }
}

TEST(KindNamesTest, infrastructure_is_a_cluster_and_a_machine) {
  const auto kinds = kinds_of_role(*PluginNames::make("acme", "example.com"), "infrastructure");
  ASSERT_EQ(kinds.size(), 2u);
  EXPECT_EQ(kinds[0].kind, "AcmeCluster");
  EXPECT_EQ(kinds[1].kind, "AcmeMachine");
}

}  // namespace
}  // namespace capstan::scaffold
