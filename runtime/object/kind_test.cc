#include "runtime/object/kind.h"

#include <gtest/gtest.h>

namespace capstan {
namespace {

Json gear(Json versions) {
  return {{"kind", "CustomResourceDefinition"},
          {"metadata", {{"name", "gears.test.example"}}},
          {"spec",
           {{"group", "test.example"},
            {"names", {{"kind", "Gear"}, {"plural", "gears"}}},
            {"versions", std::move(versions)}}}};
}

Json version(const std::string& name, bool storage) {
  return {{"name", name}, {"served", true}, {"storage", storage}};
}

TEST(KindTest, each_version_has_its_own_schema) {
  Json first = version("v1", true);
  first["schema"]["openAPIV3Schema"] = {{"description", "braces } and \"quotes\" in a text"},
                                        {"type", "object"}};
  Json second = version("v2", false);
  second["schema"]["openAPIV3Schema"] = {{"properties", {{"a", {{"type", "string"}}}}}};
  Json none = version("v4", false);
  none["schema"]["openAPIV3Schema"] = nullptr;
  const Json crd = gear({first, version("v3", false), second, none});
  for (const auto& kind : {Kind::from_crd(crd), Kind::from_crd_text(dump_json(crd))}) {
    ASSERT_TRUE(kind.ok()) << kind.error().message;
    ASSERT_EQ((*kind)->versions.size(), 4u);
    EXPECT_EQ(Json::parse(*(*kind)->version("v1")->schema), first["schema"]["openAPIV3Schema"]);
    EXPECT_EQ(Json::parse(*(*kind)->version("v2")->schema), second["schema"]["openAPIV3Schema"]);
    EXPECT_EQ(*(*kind)->version("v3")->schema, "{}");
    EXPECT_EQ(*(*kind)->version("v4")->schema, "{}");
  }
}

TEST(KindTest, text_gives_the_same_kind_as_its_tree) {
  Json first = version("v1", true);
  first["schema"]["openAPIV3Schema"] = {{"type", "object"}};
  first["subresources"]["status"] = Json::object();
  first["additionalPrinterColumns"] = {{{"name", "Phase"}, {"jsonPath", ".status.phase"}}};
  const Json crd = gear({first});
  const auto kind = Kind::from_crd_text(dump_json(crd));
  ASSERT_TRUE(kind.ok()) << kind.error().message;
  EXPECT_EQ((*kind)->id, (GroupKind{"test.example", "Gear"}));
  EXPECT_EQ(*(*kind)->storage_version().schema, R"({"type":"object"})");
  EXPECT_TRUE((*kind)->storage_version().status_subresource);
  EXPECT_EQ((*kind)->storage_version().columns.at(0).json_path, ".status.phase");
}

TEST(KindTest, a_document_of_another_shape_is_refused_with_the_field) {
  for (const Json& versions : {Json(), Json("v1"), Json::array(), Json{{"v1", "v2"}}}) {
    const auto kind = Kind::from_crd(gear(versions));
    ASSERT_FALSE(kind.ok());
    EXPECT_NE(kind.error().message.find("spec.versions"), std::string::npos);
  }
  EXPECT_FALSE(Kind::from_crd(Json::array()).ok());
  EXPECT_FALSE(Kind::from_crd(Json("text")).ok());
}

}  // namespace
}  // namespace capstan
