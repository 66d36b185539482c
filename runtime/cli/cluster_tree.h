// The tree of objects that make up a cluster, as `describe cluster` shows it: built from what the
// server answers, grouped, and printed in Cluster API's two layouts.
//
// Thread safety: none.
//
// Source of the rules (what is grouped, hidden and coloured): clusterctl 1.14, `describe cluster`.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/cli/api_client.h"

namespace capstan::cli {

struct TreeOptions {
  // Comma separated: "all", a kind or kind/name; a "+" at the end shows only what is amiss.
  std::string show_conditions;
  bool show_machine_sets = false;
  bool show_resource_sets = false;
  bool show_templates = false;
  bool echo = false;     // also infrastructure machines and bootstrap configs that agree
  bool grouping = true;  // siblings in the same state become one row
  bool v1beta1 = false;  // the layout of READY, SEVERITY, REASON
};

enum class ShowConditions { kNone, kAmiss, kAll };

struct TreeNode {
  Json object;            // the object; for a virtual node only kind and metadata.name
  std::string meta_name;  // "ClusterInfrastructure", "Workers"
  bool is_virtual = false;
  bool is_control_plane = false;
  bool groups_children = false;
  std::vector<std::string> group_items;  // names, sorted; not empty for a group
  int group_available = 0;
  int group_ready = 0;
  int group_up_to_date = 0;
  ShowConditions show = ShowConditions::kNone;
  int z_order = 0;
  std::vector<std::unique_ptr<TreeNode>> children;

  std::string kind() const { return get_string(object, {"kind"}); }
  std::string name() const { return get_string(object, {"metadata", "name"}); }
};

// Errors: kNotFound for the Cluster, those of the client.
Result<std::unique_ptr<TreeNode>> build_cluster_tree(ApiClient& client, const std::string& ns,
                                                     const std::string& name,
                                                     const TreeOptions& options);

// Adds a child by the rules of echo and grouping. Gives the node, or null where it was hidden or
// merged into a group.
TreeNode* add_child(TreeNode& parent, std::unique_ptr<TreeNode> child, const TreeOptions& options,
                    bool hide_echo = false);

std::string render_tree(const TreeNode& root, const TreeOptions& options, Instant now, bool colors);

// A condition of the layout's kind by type, or null.
const Json* tree_condition(const Json& object, std::string_view type, bool v1beta1);
const Json* tree_conditions(const Json& object, bool v1beta1);

}  // namespace capstan::cli
