#include "runtime/object/schema/metadata_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace capstan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> texts(const std::vector<FieldError>& errors) {
  std::vector<std::string> out;
  for (const FieldError& error : errors) out.push_back(error.field + ": " + error.message);
  return out;
}

std::vector<std::string> wrong(const char* metadata, NameRule rule = NameRule::kSubdomain,
                               bool namespaced = false) {
  return texts(validate_metadata(*parse_json(metadata), rule, namespaced));
}

TEST(MetadataRulesTest, metadata_in_order_passes) {
  EXPECT_THAT(wrong(R"({"name": "a.b", "namespace": "n", "generateName": "a-",
    "labels": {"x.io/a": "", "b": "c"}, "annotations": {"X.io/Any": "any text"},
    "finalizers": ["x.io/f"], "uid": null,
    "ownerReferences": [{"apiVersion": "v1", "kind": "K", "name": "o", "uid": "u", "controller": true}]})",
                    NameRule::kSubdomain, true),
              IsEmpty());
}

TEST(MetadataRulesTest, a_name_is_demanded_and_has_the_form_of_its_kind) {
  EXPECT_THAT(wrong("{}"),
              ElementsAre("metadata.name: Required value: name or generateName is required"));
  EXPECT_THAT(wrong(R"({"name": "A"})"),
              ElementsAre(HasSubstr("metadata.name: Invalid value: \"A\"")));
  EXPECT_THAT(wrong(R"({"name": "a.b"})", NameRule::kLabel),
              ElementsAre(HasSubstr("RFC 1123 label")));
  EXPECT_THAT(wrong(R"({"name": "system:a"})", NameRule::kPathSegment), IsEmpty());
  EXPECT_EQ(name_rule({"", "Namespace"}), NameRule::kLabel);
  EXPECT_EQ(name_rule({"", "Service"}), NameRule::kServiceName);
  EXPECT_EQ(name_rule({"rbac.authorization.k8s.io", "Role"}), NameRule::kPathSegment);
  EXPECT_EQ(name_rule({"cluster.x-k8s.io", "Machine"}), NameRule::kSubdomain);
}

TEST(MetadataRulesTest, a_namespace_is_demanded_or_forbidden) {
  EXPECT_THAT(wrong(R"({"name": "a"})", NameRule::kSubdomain, true),
              ElementsAre("metadata.namespace: Required value"));
  EXPECT_THAT(wrong(R"({"name": "a", "namespace": "n"})"),
              ElementsAre("metadata.namespace: Forbidden: not allowed on this type"));
}

TEST(MetadataRulesTest, labels_annotations_and_finalizers_have_qualified_names) {
  EXPECT_THAT(wrong(R"({"name": "a", "labels": {"a b": "c"}})"),
              ElementsAre(HasSubstr("metadata.labels: Invalid value: \"a b\": name part")));
  EXPECT_THAT(wrong(R"({"name": "a", "labels": {"a": "b c"}})"),
              ElementsAre(HasSubstr("metadata.labels: Invalid value: \"b c\": a valid label")));
  EXPECT_THAT(wrong(R"({"name": "a", "annotations": {"a b": ""}})"),
              ElementsAre(HasSubstr("annotations")));
  EXPECT_THAT(wrong(R"({"name": "a", "finalizers": ["a b"]})"),
              ElementsAre(HasSubstr("finalizers")));
  Json large = {{"name", "a"}, {"annotations", {{"a", std::string(300 * 1024, 'x')}}}};
  EXPECT_THAT(texts(validate_metadata(large, NameRule::kSubdomain, false)),
              ElementsAre("metadata.annotations: Too long: may not be more than 262144 bytes"));
}

TEST(MetadataRulesTest, an_object_has_one_controller_and_whole_owners) {
  EXPECT_THAT(wrong(R"({"name": "a", "ownerReferences": [
      {"apiVersion": "v1", "kind": "K", "name": "x", "uid": "1", "controller": true},
      {"apiVersion": "v1", "kind": "K", "name": "y", "uid": "2", "controller": true}]})"),
              ElementsAre(HasSubstr("Only one reference can have Controller set to true. Found "
                                    "\"true\" in references for K/x and K/y")));
  EXPECT_EQ(wrong(R"({"name": "a", "ownerReferences": [{}]})").size(), 4U);
}

TEST(MetadataRulesTest, fields_of_the_wrong_type_are_named) {
  EXPECT_THAT(wrong(R"({"name": 1, "labels": {"a": 1}, "finalizers": "x"})"),
              ElementsAre("metadata.finalizers: Invalid value: \"x\": must be a list of strings",
                          "metadata.labels: Invalid value: {\"a\":1}: must be a map of strings",
                          "metadata.name: Invalid value: 1: must be a string"));
  EXPECT_THAT(wrong("[]"), ElementsAre(HasSubstr("must be an object")));
}

TEST(MetadataRulesTest, identity_cannot_change_and_finalizers_not_be_added_while_deleting) {
  const Json old = *parse_json(R"({"name": "a", "uid": "1", "creationTimestamp": "t",
    "deletionTimestamp": "d", "finalizers": ["x", "y"]})");
  EXPECT_THAT(validate_metadata_update(old, old), IsEmpty());
  Json next = old;
  next["uid"] = "2";
  EXPECT_THAT(texts(validate_metadata_update(next, old)),
              ElementsAre("metadata.uid: Invalid value: \"2\": field is immutable"));
  next = old;
  next["finalizers"] = Json::array({"x", "z"});
  EXPECT_THAT(texts(validate_metadata_update(next, old)),
              ElementsAre(HasSubstr("found new finalizers []string{\"z\"}")));
  next["finalizers"] = Json::array();
  EXPECT_THAT(validate_metadata_update(next, old), IsEmpty());
}

TEST(MetadataRulesTest, what_object_meta_does_not_know_is_pruned) {
  Json metadata = *parse_json(R"({"name": "a", "x": 1, "ownerReferences": [{"uid": "1", "y": 1}],
    "managedFields": [{"manager": "m", "z": 1}]})");
  std::vector<std::string> removed;
  prune_metadata(metadata, "metadata", removed);
  EXPECT_THAT(removed, ElementsAre("metadata.managedFields[0].z", "metadata.ownerReferences[0].y",
                                   "metadata.x"));
}

}  // namespace
}  // namespace capstan
