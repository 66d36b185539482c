#include <gtest/gtest.h>

#include "runtime/lifecycle/common/clone.h"
#include "runtime/lifecycle/common/contract.h"
#include "runtime/lifecycle/common/draft.h"
#include "runtime/lifecycle/common/int_or_percent.h"
#include "runtime/lifecycle/common/machine_template.h"
#include "runtime/lifecycle/common/naming.h"
#include "runtime/lifecycle/common/owner_references.h"
#include "runtime/lifecycle/common/version.h"

namespace capstan::lifecycle {
namespace {

ObjectPtr object(Json extra) {
  Json tree = {{"apiVersion", "infrastructure.cluster.x-k8s.io/v1beta2"},
               {"kind", "DevMachineTemplate"},
               {"metadata", {{"name", "t"}, {"namespace", "default"}}}};
  merge_patch(tree, extra);
  return Object::from_json(std::move(tree)).value();
}

TEST(IntOrPercentTest, surge_rounds_up_and_unavailable_rounds_down) {
  const Json quarter = "25%";
  EXPECT_EQ(resolve_count(&quarter, 5, true, 0), 2);
  EXPECT_EQ(resolve_count(&quarter, 5, false, 0), 1);
  const Json two = 2;
  EXPECT_EQ(resolve_count(&two, 5, false, 0), 2);
  const Json bad = "many";
  EXPECT_EQ(resolve_count(&bad, 5, false, 7), 7);
  EXPECT_EQ(resolve_count(nullptr, 5, false, 7), 7);
}

TEST(VersionTest, versions_compare_with_prereleases_and_build_tags) {
  const std::vector<const char*> ascending = {
      "not a version", "v1.9.0",          "v1.33.0-alpha.1", "v1.33.0-alpha.10", "v1.33.0-beta.0",
      "v1.33.0",       "v1.33.0+build.1", "v1.33.0+build.2", "v1.33.1"};
  for (size_t i = 0; i + 1 < ascending.size(); ++i) {
    EXPECT_LT(compare_versions(ascending[i], ascending[i + 1]), 0) << ascending[i];
    EXPECT_GT(compare_versions(ascending[i + 1], ascending[i]), 0) << ascending[i];
  }
  EXPECT_EQ(compare_versions("v1.33.0", "1.33.0"), 0);
  EXPECT_FALSE(parse_version("v1.33").has_value());
}

TEST(NamingTest, a_name_is_rendered_and_cut_to_63_characters) {
  SeededRandom random(1);
  const auto name =
      render_name("{{ .cluster.name }}-x-{{.random}}", {{"cluster.name", "a"}}, random);
  ASSERT_TRUE(name.ok());
  EXPECT_EQ(name->substr(0, 4), "a-x-");
  EXPECT_EQ(name->size(), 9u);
  const auto cut = render_name("{{ .cluster.name }}-{{ .random }}",
                               {{"cluster.name", std::string(70, 'n')}}, random);
  EXPECT_EQ(cut->size(), 63u);
  EXPECT_EQ(render_name("{{ .nobody }}", {}, random).code(), Code::kInvalid);
}

TEST(CloneTest, a_clone_says_what_it_was_made_from) {
  const auto clone = clone_template(
      *object(
          {{"spec",
            {{"template", {{"metadata", {{"labels", {{"a", "1"}}}}}, {"spec", {{"size", 3}}}}}}}}),
      {.name = "m", .cluster_name = "c"});
  ASSERT_TRUE(clone.ok());
  EXPECT_EQ(get_string(*clone, {"kind"}), "DevMachine");
  EXPECT_EQ(get_int(*clone, {"spec", "size"}), 3);
  EXPECT_EQ(get_string(*clone, {"metadata", "labels", "a"}), "1");
  EXPECT_EQ(get_string(*clone, {"metadata", "labels", "cluster.x-k8s.io/cluster-name"}), "c");
  EXPECT_EQ(get_string(*clone, {"metadata", "annotations", "cluster.x-k8s.io/cloned-from-name"}),
            "t");
  EXPECT_EQ(
      get_string(*clone, {"metadata", "annotations", "cluster.x-k8s.io/cloned-from-groupkind"}),
      "DevMachineTemplate.infrastructure.cluster.x-k8s.io");
}

Kind labelled_kind(const char* stored, std::map<std::string, std::string, std::less<>> labels) {
  Kind kind;
  kind.id = {"infrastructure.example.com", "XMachine"};
  kind.plural = "xmachines";
  KindVersion version;
  version.name = stored;
  version.storage = true;
  kind.versions.push_back(version);
  kind.labels = std::move(labels);
  return kind;
}

TEST(ContractTest, the_contract_is_the_newest_that_names_the_stored_version) {
  const char* v1 = "cluster.x-k8s.io/v1beta1";
  const char* v2 = "cluster.x-k8s.io/v1beta2";
  EXPECT_EQ(*contract_of(labelled_kind("v1beta2", {{v1, "v1beta1"}, {v2, "v1beta2"}})),
            Contract::kV1Beta2);
  EXPECT_EQ(*contract_of(labelled_kind("v1beta1", {{v1, "v1alpha7_v1beta1"}, {v2, "v1beta2"}})),
            Contract::kV1Beta1);
  EXPECT_EQ(*contract_of(labelled_kind("v1", {{v1, "v1"}})), Contract::kV1Beta1);
  EXPECT_EQ(contract_of(labelled_kind("v1", {})).code(), Code::kFailedPrecondition);
}

External external(Contract contract, Json tree) {
  External e;
  e.contract = contract;
  e.object = object(tree);
  e.tree = e.object->tree();
  return e;
}

TEST(ContractTest, both_contracts_are_read) {
  EXPECT_TRUE(provisioned(external(Contract::kV1Beta1, {{"status", {{"ready", true}}}})));
  EXPECT_TRUE(provisioned(
      external(Contract::kV1Beta2, {{"status", {{"initialization", {{"provisioned", true}}}}}})));
  EXPECT_FALSE(provisioned(external(Contract::kV1Beta2, {{"status", {{"ready", true}}}})));
  const Json domains = failure_domains(
      external(Contract::kV1Beta1,
               {{"status",
                 {{"failureDomains", {{"b", {{"controlPlane", true}}}, {"a", Json::object()}}}}}}));
  ASSERT_EQ(domains.size(), 2u);
  EXPECT_EQ(domains[0]["name"], "a");
  EXPECT_EQ(domains[1]["controlPlane"], true);
  EXPECT_EQ(failure_domain(external(Contract::kV1Beta1, {{"spec", {{"failureDomain", "x"}}}})),
            "x");
  const ReplicaCounts counts = replica_counts(
      external(Contract::kV1Beta1, {{"status", {{"replicas", 3}, {"unavailableReplicas", 1}}}}));
  EXPECT_EQ(counts.available, 2);
}

TEST(DraftTest, only_what_differs_is_written) {
  Draft draft(object({{"metadata", {{"labels", {{"a", "1"}}}}}, {"status", {{"phase", "x"}}}}));
  draft.set_label("a", "1");
  draft.status()["phase"] = "x";
  Outcome nothing;
  draft.finish(nothing);
  EXPECT_TRUE(nothing.changes.empty());
}

TEST(DraftTest, metadata_and_spec_are_written_first_and_status_last) {
  Draft draft(object(Json::object()));
  draft.add_finalizer("f");
  draft.status()["phase"] = "x";
  Outcome outcome;
  outcome.changes.push_back({.op = Change::Op::kDelete});
  draft.finish(outcome);
  ASSERT_EQ(outcome.changes.size(), 3u);
  EXPECT_EQ(outcome.changes[0].body, (Json{{"metadata", {{"finalizers", {"f"}}}}}));
  EXPECT_EQ(outcome.changes[2].op, Change::Op::kPatchStatus);
}

TEST(OwnerReferencesTest, an_owner_is_added_once_and_corrected) {
  std::vector<OwnerReference> owners;
  EXPECT_TRUE(ensure_owner(owners, {"g/v1", "K", "a", "1", false, false}));
  EXPECT_FALSE(ensure_owner(owners, {"g/v1", "K", "a", "1", false, false}));
  EXPECT_TRUE(ensure_owner(owners, {"g/v2", "K", "a", "2", true, true}));
  ASSERT_EQ(owners.size(), 1u);
  EXPECT_EQ(owners[0].uid, "2");
  EXPECT_TRUE(owners[0].controller);
}

TEST(MachineTemplateTest, only_version_references_and_failure_domain_make_new_machines_necessary) {
  const Json base = {{"metadata", {{"labels", {{"a", "1"}}}}},
                     {"spec",
                      {{"version", "v1.33.0"},
                       {"bootstrap", {{"configRef", {{"kind", "C"}, {"name", "c"}}}}},
                       {"infrastructureRef", {{"kind", "I"}, {"name", "i"}}}}}};
  Json other = base;
  other["metadata"]["labels"]["b"] = "2";
  other["spec"]["minReadySeconds"] = 5;
  other["spec"]["deletion"]["nodeDrainTimeoutSeconds"] = 5;
  other["spec"]["taints"] = Json::array();
  other["spec"]["readinessGates"] = Json::array();
  EXPECT_TRUE(template_differences(base, other).empty());
  other["spec"]["version"] = "v1.34.0";
  other["spec"]["infrastructureRef"]["name"] = "j";
  other["spec"]["bootstrap"]["configRef"]["name"] = "d";
  other["spec"]["failureDomain"] = "x";
  EXPECT_EQ(template_differences(base, other).size(), 4u);
}

}  // namespace
}  // namespace capstan::lifecycle
