#include "runtime/plugin/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace capstan {
namespace {

using testing::HasSubstr;

Json valid() {
  return Json::parse(R"({
    "id": "dev.capstan.test", "name": "test", "version": "1.2.3",
    "abi": {"major": 1, "minMinor": 0, "maxMinor": 2},
    "providers": [{"type": "InfrastructureProvider", "name": "test"}],
    "reconciles": [
      {"group": "infrastructure.cluster.x-k8s.io", "kind": "TestMachine", "role": "infraMachine",
       "when": {"path": "/spec/backend/test", "exists": true}, "concurrency": 3,
       "relations": {
         "pods": {"group": "", "kind": "Pod", "select": "owned"},
         "machines": {"group": "cluster.x-k8s.io", "kind": "Machine", "select": "cluster"},
         "pool": {"select": "ref:/spec/poolRef"}}}],
    "needs": {"objects": [{"group": "", "kind": "Secret"},
                          {"group": "cluster.x-k8s.io", "kind": "*", "access": "write"}],
              "secrets": ["token"], "listen": "loopback", "workload": true}})");
}

TEST(ManifestTest, a_whole_manifest_is_read) {
  const auto manifest = manifest_from_json(valid());
  ASSERT_TRUE(manifest.ok()) << manifest.error().message;
  EXPECT_EQ(manifest->name, "test");
  EXPECT_EQ(manifest->abi_max_minor, 2u);
  ASSERT_EQ(manifest->reconciles.size(), 1u);
  const ReconcileEntry& entry = manifest->reconciles[0];
  EXPECT_EQ(entry.role, ProviderRole::kInfraMachine);
  EXPECT_EQ(entry.concurrency, 3);
  EXPECT_EQ(entry.when->path, (std::vector<std::string>{"spec", "backend", "test"}));
  ASSERT_EQ(entry.relations.size(), 3u);
  EXPECT_TRUE(manifest->needs.workload);
  EXPECT_TRUE(manifest->needs.listen);
}

TEST(ManifestTest, access_is_what_needs_says_and_its_own_kinds) {
  const auto manifest = manifest_from_json(valid());
  ASSERT_TRUE(manifest.ok());
  EXPECT_TRUE(manifest->may_write({"infrastructure.cluster.x-k8s.io", "TestMachine"}));
  EXPECT_TRUE(manifest->may_read({"", "Secret"}));
  EXPECT_FALSE(manifest->may_write({"", "Secret"}));
  EXPECT_TRUE(manifest->may_write({"cluster.x-k8s.io", "Machine"}));
  EXPECT_FALSE(manifest->may_read({"", "ConfigMap"}));
}

TEST(ManifestTest, copies_share_the_documents_of_its_kinds) {
  Json json = valid();
  json["kinds"] = Json::parse(R"([{
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": {"name": "tests.example.com"},
    "spec": {"group": "example.com", "scope": "Namespaced",
             "names": {"kind": "Test", "plural": "tests", "singular": "test"},
             "versions": [{"name": "v1", "served": true, "storage": true,
                           "schema": {"openAPIV3Schema": {"type": "object"}}}]}}])");
  auto manifest = manifest_from_json(json);
  ASSERT_TRUE(manifest.ok()) << manifest.error().message;
  const Manifest copy = *manifest;
  *manifest = {};
  EXPECT_TRUE(manifest->kinds.empty());
  ASSERT_EQ(copy.kinds.size(), 1u);
  EXPECT_EQ(*copy.kinds.begin(), json["kinds"][0]);
  EXPECT_EQ(&*copy.kinds.begin(), &*Manifest(copy).kinds.begin());
  EXPECT_TRUE(copy.owns({"example.com", "Test"}));
}

TEST(ManifestTest, a_list_with_nothing_in_it_may_be_null_as_yaml_has_it) {
  Json json = valid();
  json["providers"] = nullptr;
  const auto manifest = manifest_from_json(json);
  ASSERT_TRUE(manifest.ok()) << manifest.error().message;
  EXPECT_TRUE(manifest->providers.empty());
}

struct Mistake {
  const char* pointer;
  Json value;
  const char* message;
};

TEST(ManifestTest, a_mistake_is_named_with_its_place) {
  const Mistake mistakes[] = {
      {"/id", "", "/id must be a text that is not empty"},
      {"/name", "Has Space", "/name must have only lower-case letters"},
      {"/abi/major", "one", "/abi/major must be a number"},
      {"/abi/minMinor", 9, "/abi/minMinor is above maxMinor"},
      {"/providers/0/type", "Thing", "/providers/0/type \"Thing\" is none of"},
      {"/kinds", Json::array({1}), "/kinds/0 is no CustomResourceDefinition"},
      {"/reconciles", Json::object(), "/reconciles must be a list"},
      {"/reconciles/0/role", "boss", "/reconciles/0/role \"boss\" is none of"},
      {"/reconciles/0/concurrency", 0, "/reconciles/0/concurrency must be a number from 1"},
      {"/reconciles/0/when/path", "spec", "/reconciles/0/when/path must be a JSON pointer"},
      {"/reconciles/0/relations/pods/select", "all", "/reconciles/0/relations/pods/select"},
      {"/needs/objects/0/access", "all", "/needs/objects/0/access \"all\" is none of"},
      {"/needs/secrets/0", 5, "/needs/secrets/0 must be a text"},
      {"/needs/listen", "everywhere", "/needs/listen \"everywhere\" is not loopback"},
      {"/templates", Json{{"a.yaml", 1}}, "/templates/a.yaml must be a text"},
  };
  for (const Mistake& mistake : mistakes) {
    Json json = valid();
    json[Json::json_pointer(mistake.pointer)] = mistake.value;
    const auto manifest = manifest_from_json(json);
    ASSERT_FALSE(manifest.ok()) << mistake.pointer;
    EXPECT_THAT(manifest.error().message, HasSubstr(mistake.message));
  }
}

TEST(ManifestTest, all_mistakes_are_in_the_fields) {
  Json json = valid();
  json.erase("id");
  json["abi"]["major"] = nullptr;
  const auto manifest = manifest_from_json(json);
  ASSERT_FALSE(manifest.ok());
  EXPECT_EQ(manifest.error().fields.size(), 2u);
  EXPECT_THAT(manifest.error().message, HasSubstr("(and 1 more)"));
}

TEST(ManifestTest, what_is_no_json_object_is_refused) {
  EXPECT_FALSE(parse_manifest("").ok());
  EXPECT_FALSE(parse_manifest("[1]").ok());
  EXPECT_FALSE(parse_manifest("{\"id\":").ok());
}

}  // namespace
}  // namespace capstan
