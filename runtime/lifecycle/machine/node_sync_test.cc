#include "runtime/lifecycle/machine/node_sync.h"

#include <gtest/gtest.h>

namespace capstan::lifecycle {
namespace {

ObjectPtr machine(Json extra = Json::object()) {
  Json tree = {{"apiVersion", "cluster.x-k8s.io/v1beta2"},
               {"kind", "Machine"},
               {"metadata", {{"name", "m"}, {"namespace", "default"}}}};
  merge_patch(tree, extra);
  return Object::from_json(std::move(tree)).value();
}

Json synced(const Object& m, Json node) {
  merge_patch(node, node_patch(m, "a", false, node));
  return node;
}

TEST(NodeSyncTest, a_node_learns_whose_it_is_and_then_needs_nothing) {
  const ObjectPtr m = machine();
  const Json node = synced(*m, Json::object());
  EXPECT_EQ(get_string(node, {"metadata", "annotations", "cluster.x-k8s.io/machine"}), "m");
  EXPECT_EQ(get_string(node, {"metadata", "annotations", "cluster.x-k8s.io/cluster-name"}), "a");
  EXPECT_EQ(node_patch(*m, "a", false, node), Json::object());
}

TEST(NodeSyncTest, only_labels_of_certain_domains_go_to_nodes) {
  for (const char* key : {"node-role.kubernetes.io/worker", "x.node-restriction.kubernetes.io/a",
                          "node.cluster.x-k8s.io/a", "a.node.cluster.x-k8s.io/b"}) {
    EXPECT_TRUE(label_goes_to_node(key)) << key;
  }
  for (const char* key : {"app", "cluster.x-k8s.io/cluster-name", "xnode.cluster.x-k8s.io/a"}) {
    EXPECT_FALSE(label_goes_to_node(key)) << key;
  }
}

TEST(NodeSyncTest, a_label_that_the_machine_loses_is_taken_off_but_no_other) {
  const Json labels = {{"metadata", {{"labels", {{"node.cluster.x-k8s.io/a", "1"}}}}}};
  Json node = {{"metadata", {{"labels", {{"kept", "yes"}}}}}};
  node = synced(*machine(labels), node);
  EXPECT_EQ(get_string(node, {"metadata", "labels", "node.cluster.x-k8s.io/a"}), "1");
  node = synced(*machine(), node);
  EXPECT_EQ(find(node, {"metadata", "labels", "node.cluster.x-k8s.io/a"}), nullptr);
  EXPECT_EQ(get_string(node, {"metadata", "labels", "kept"}), "yes");
}

TEST(NodeSyncTest, the_uninitialized_taint_goes_and_foreign_taints_stay) {
  const Json node = {{"spec",
                      {{"taints",
                        {{{"key", "node.cluster.x-k8s.io/uninitialized"}, {"effect", "NoSchedule"}},
                         {{"key", "own"}, {"effect", "NoExecute"}}}}}}};
  const Json after = synced(*machine(), node);
  ASSERT_EQ(after["spec"]["taints"].size(), 1u);
  EXPECT_EQ(after["spec"]["taints"][0]["key"], "own");
}

TEST(NodeSyncTest, taints_are_kept_or_set_once_as_they_say) {
  const Json taints = {
      {"spec",
       {{"taints",
         {{{"key", "always"}, {"effect", "NoSchedule"}, {"propagation", "Always"}},
          {{"key", "once"}, {"effect", "NoSchedule"}, {"propagation", "OnInitialization"}}}}}}};
  const ObjectPtr m = machine(taints);
  Json node = synced(*m, Json::object());
  EXPECT_EQ(node["spec"]["taints"].size(), 2u);
  node["spec"]["taints"] = Json::array();
  node = synced(*m, node);
  ASSERT_EQ(node["spec"]["taints"].size(), 1u);
  EXPECT_EQ(node["spec"]["taints"][0]["key"], "always");
  node = synced(*machine(), node);
  EXPECT_TRUE(node["spec"]["taints"].empty());
}

}  // namespace
}  // namespace capstan::lifecycle
