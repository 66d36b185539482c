#include "runtime/server/holding_admission.h"

#include <gtest/gtest.h>

#include "runtime/server/runtime_core.h"

namespace capstan {
namespace {

// A kind with that name, of a plugin.
KindPtr plugin_kind(const std::string& name, const std::string& plural) {
  const Json crd = {{"metadata", {{"name", plural + ".acme.example"}}},
                    {"spec",
                     {{"group", "acme.example"},
                      {"scope", "Namespaced"},
                      {"names", {{"kind", name}, {"plural", plural}}},
                      {"versions",
                       {{{"name", "v1"},
                         {"served", true},
                         {"storage", true},
                         {"schema", {{"openAPIV3Schema", {{"type", "object"}}}}}}}}}}};
  return Kind::from_crd(crd).value();
}

TEST(HoldingAdmissionTest, writes_of_what_a_plugin_checks_wait_until_it_runs) {
  const KindPtr checked = plugin_kind("Machine", "machines");
  const KindPtr other = plugin_kind("Note", "notes");
  SwitchableAdmission admission;
  admission.set(std::make_shared<HoldingAdmission>(std::set<GroupKind>{checked->id}));
  Json object = Json::object();
  const auto held = admission.admit(*checked, object, nullptr);
  ASSERT_EQ(held.code(), Code::kUnavailable);
  EXPECT_EQ(held.error().retry_after, std::chrono::seconds(1));
  EXPECT_TRUE(admission.admit(*other, object, nullptr).ok());
}

TEST(HoldingAdmissionTest, what_need_not_wait_is_judged_by_the_admission_before) {
  const KindPtr checked = plugin_kind("Machine", "machines");
  const KindPtr held = plugin_kind("Note", "notes");
  SwitchableAdmission admission;
  admission.set(std::make_shared<HoldingAdmission>(std::set<GroupKind>{checked->id}));
  admission.set(
      std::make_shared<HoldingAdmission>(std::set<GroupKind>{held->id}, admission.target()));
  Json object = Json::object();
  EXPECT_EQ(admission.admit(*held, object, nullptr).code(), Code::kUnavailable);
  EXPECT_EQ(admission.admit(*checked, object, nullptr).code(), Code::kUnavailable);
}

}  // namespace
}  // namespace capstan
