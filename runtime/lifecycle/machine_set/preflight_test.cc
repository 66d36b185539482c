#include "runtime/lifecycle/machine_set/preflight.h"

#include <gtest/gtest.h>

namespace capstan::lifecycle {
namespace {

ObjectPtr object(const char* kind, Json extra) {
  Json tree = {{"apiVersion", "x.cluster.x-k8s.io/v1beta2"},
               {"kind", kind},
               {"metadata", {{"name", "a"}, {"namespace", "default"}}}};
  merge_patch(tree, extra);
  return Object::from_json(std::move(tree)).value();
}

struct PreflightCase {
  const char* name;
  Json control_plane;
  Json machine_set;
  size_t failures;
  Json cluster = Json::object();
};

Json control_plane(const char* wanted, const char* running) {
  Json tree = {{"spec", {{"version", wanted}}}};
  if (*running != '\0') tree["status"]["version"] = running;
  return tree;
}

Json machine_set(const char* version, const char* config = "KubeadmConfigTemplate") {
  return {
      {"spec",
       {{"template",
         {{"spec", {{"version", version}, {"bootstrap", {{"configRef", {{"kind", config}}}}}}}}}}}};
}

class PreflightTest : public testing::TestWithParam<PreflightCase> {};

TEST_P(PreflightTest, checks) {
  const PreflightCase& c = GetParam();
  External external;
  external.object = object("KubeadmControlPlane", c.control_plane);
  external.tree = external.object->tree();
  external.key = external.object->key();
  const ObjectPtr cluster = object("Cluster", c.cluster);
  const auto failures = preflight({c.machine_set, cluster.get(), &external, nullptr});
  EXPECT_EQ(failures.size(), c.failures) << testing::PrintToString(failures);
}

Json skipping(Json set, const char* checks) {
  set["metadata"]["annotations"]["machineset.cluster.x-k8s.io/skip-preflight-checks"] = checks;
  return set;
}

INSTANTIATE_TEST_SUITE_P(
    Table, PreflightTest,
    testing::Values(
        PreflightCase{"equal_versions_pass", control_plane("v1.33.0", "v1.33.0"),
                      machine_set("v1.33.0"), 0},
        PreflightCase{"provisioning_blocks", control_plane("v1.33.0", ""), machine_set("v1.33.0"),
                      1},
        PreflightCase{"upgrading_blocks", control_plane("v1.34.0", "v1.33.0"),
                      machine_set("v1.34.0"), 1},
        PreflightCase{"three_minors_older_pass_without_kubeadm",
                      control_plane("v1.33.0", "v1.33.0"), machine_set("v1.30.0", "OtherTemplate"),
                      0},
        PreflightCase{"four_minors_older_block", control_plane("v1.33.0", "v1.33.0"),
                      machine_set("v1.29.0", "OtherTemplate"), 1},
        PreflightCase{"newer_than_the_control_plane_blocks", control_plane("v1.33.0", "v1.33.0"),
                      machine_set("v1.34.0", "OtherTemplate"), 1},
        PreflightCase{"kubeadm_joins_its_own_minor_only", control_plane("v1.33.0", "v1.33.0"),
                      machine_set("v1.32.0"), 1},
        PreflightCase{"an_annotation_skips_one_check", control_plane("v1.33.0", "v1.33.0"),
                      skipping(machine_set("v1.32.0"), "KubeadmVersionSkew"), 0},
        PreflightCase{"an_annotation_skips_all_checks", control_plane("v1.33.0", ""),
                      skipping(machine_set("v1.20.0"), "All"), 0},
        PreflightCase{"no_version_no_checks", Json::object(), machine_set("v1.32.0"), 0},
        PreflightCase{"a_topology_waits_for_the_version_to_arrive",
                      control_plane("v1.33.0", "v1.33.0"),
                      machine_set("v1.33.0"),
                      1,
                      {{"spec", {{"topology", {{"version", "v1.34.0"}}}}}}}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace capstan::lifecycle
