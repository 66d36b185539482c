// The CRDs of Cluster API and of the providers, where they are at hand: all of their schemas and
// rules compile, and the rules say what they are meant to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <filesystem>

#include "runtime/object/schema/schema.h"

namespace capstan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::filesystem::path data_folder() {
  const char* given = std::getenv("CAPSTAN_SHARED_DATA");
  if (given != nullptr) return given;
  for (const char* guess : {"../shared/data", "../../shared/data"}) {
    if (std::filesystem::exists(std::filesystem::path(CAPSTAN_SOURCE_DIR) / guess)) {
      return std::filesystem::path(CAPSTAN_SOURCE_DIR) / guess;
    }
  }
  return {};
}

Json to_json(const YAML::Node& node) {
  if (node.IsMap()) {
    Json out = Json::object();
    for (const auto& member : node) out[member.first.as<std::string>()] = to_json(member.second);
    return out;
  }
  if (node.IsSequence()) {
    Json out = Json::array();
    for (const auto& item : node) out.push_back(to_json(item));
    return out;
  }
  if (!node.IsScalar()) return nullptr;
  const std::string text = node.Scalar();
  if (node.Tag() == "!") return text;  // quoted
  const Result<Json> plain = parse_json(text);
  return plain.ok() && !plain->is_structured() ? *plain : Json(text);
}

Json load(const std::filesystem::path& path) {
  return to_json(YAML::LoadFile(path.string()));
}

std::vector<std::string> texts(const std::vector<FieldError>& errors) {
  std::vector<std::string> out;
  for (const FieldError& error : errors) out.push_back(error.field + ": " + error.message);
  return out;
}

class CrdDataTest : public ::testing::Test {
 protected:
  void SetUp() override {
    data_ = data_folder();
    if (data_.empty()) GTEST_SKIP() << "set CAPSTAN_SHARED_DATA to the folder of the CRDs";
  }

  SchemaPtr schema(const std::string& file, const std::string& version) const {
    const Json crd = load(data_ / file);
    for (const Json& item : crd["spec"]["versions"]) {
      if (item["name"] != version) continue;
      Result<SchemaPtr> schema = Schema::compile(item["schema"]["openAPIV3Schema"]);
      EXPECT_TRUE(schema.ok()) << (schema.ok() ? "" : schema.error().message);
      return *schema;
    }
    ADD_FAILURE() << file << " has no version " << version;
    return nullptr;
  }

  std::filesystem::path data_;
};

TEST_F(CrdDataTest, every_schema_and_rule_compiles) {
  size_t schemas = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data_)) {
    if (entry.path().parent_path().filename() != "crds") continue;
    const Json crd = load(entry.path());
    for (const Json& version : crd["spec"]["versions"]) {
      const Result<SchemaPtr> schema = Schema::compile(version["schema"]["openAPIV3Schema"]);
      EXPECT_TRUE(schema.ok()) << entry.path() << ": "
                               << (schema.ok() ? "" : schema.error().message);
      ++schemas;
    }
  }
  EXPECT_GT(schemas, 50U);
}

TEST_F(CrdDataTest, a_machine_is_pruned_defaulted_and_validated) {
  const SchemaPtr machine =
      schema("cluster-api/v1.14.0/crds/cluster.x-k8s.io_machines.yaml", "v1beta2");
  Json object = *parse_json(R"({"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "Machine",
    "metadata": {"name": "m"}, "spec": {"clusterName": "c", "typo": 1,
      "bootstrap": {"dataSecretName": "s"},
      "readinessGates": [{"conditionType": "Ready"}, {"conditionType": "Mine"}],
      "infrastructureRef": {"apiGroup": "infrastructure.cluster.x-k8s.io", "kind": "DockerMachine", "name": "m"}}})");
  EXPECT_THAT(machine->prune(object), ElementsAre("spec.typo"));
  machine->apply_defaults(object);
  EXPECT_THAT(texts(machine->validate(object)), IsEmpty());
  object["spec"]["version"] = "";
  object["spec"].erase("clusterName");
  EXPECT_THAT(texts(machine->validate(object)),
              ElementsAre("spec.clusterName: Required value",
                          "spec.version: Invalid value: \"\": spec.version in body should be at "
                          "least 1 chars long"));
}

TEST_F(CrdDataTest, rules_of_cluster_api_hold_what_they_promise) {
  const SchemaPtr config =
      schema("cluster-api/v1.14.0/crds/bootstrap.cluster.x-k8s.io_kubeadmconfigs.yaml", "v1beta2");
  const Json object = *parse_json(R"({"spec": {"joinConfiguration": {"nodeRegistration":
    {"kubeletExtraArgs": [{"name": "v", "value": "1"}, {"name": "v", "value": "2"}]}}}})");
  EXPECT_THAT(texts(config->validate(object)),
              ElementsAre(HasSubstr("kubeletExtraArgs name must be unique")));
}

TEST_F(CrdDataTest, rules_of_the_providers_hold_what_they_promise) {
  const SchemaPtr cluster =
      schema("openstack/crds/infrastructure.cluster.x-k8s.io_openstackclusters.yaml", "v1beta1");
  const Json object =
      *parse_json(R"({"spec": {"identityRef": {"type": "Secret", "name": "n", "cloudName": "c"},
    "disableExternalNetwork": true, "bastion": {"enabled": true}}})");
  EXPECT_THAT(texts(cluster->validate(object)),
              ::testing::IsSupersetOf({HasSubstr("spec is required if bastion is enabled"),
                                       HasSubstr("disableAPIServerFloatingIP cannot be false when "
                                                 "disableExternalNetwork is true")}));
}

}  // namespace
}  // namespace capstan
