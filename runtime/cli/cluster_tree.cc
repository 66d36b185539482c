// Building: what belongs to the cluster, where it hangs, what is hidden or grouped.
#include "runtime/cli/cluster_tree.h"

#include <algorithm>
#include <set>

#include "runtime/base/text.h"

namespace capstan::cli {
namespace {

constexpr const char* kCore = "cluster.x-k8s.io";
constexpr const char* kAddons = "addons.cluster.x-k8s.io";
constexpr const char* kControlPlaneLabel = "cluster.x-k8s.io/control-plane";

ShowConditions shown(const TreeNode& node, const std::string& filters) {
  for (std::string filter : split(filters, ',')) {
    ShowConditions show = ShowConditions::kAll;
    if (filter.ends_with('+')) {
      show = ShowConditions::kAmiss;
      filter.pop_back();
    }
    if (filter.empty()) continue;
    filter = to_lower(filter);
    const std::string kind = to_lower(node.kind());
    if (filter == "all" || filter == kind || filter == kind + "/" + to_lower(node.name()))
      return show;
  }
  return ShowConditions::kNone;
}

// Two conditions count as the same where status, reason and (old layout) severity are.
bool same(const Json* a, const Json* b) {
  if ((a == nullptr) != (b == nullptr)) return false;
  if (a == nullptr) return true;
  for (const char* field : {"status", "reason", "severity"}) {
    if (get_string(*a, {field}) != get_string(*b, {field})) return false;
  }
  return true;
}

bool is_true(const Json* condition) {
  return condition != nullptr && get_string(*condition, {"status"}) == "True";
}

bool same_state(const Json& a, const Json& b, bool v1beta1) {
  if (!same(tree_condition(a, "Ready", v1beta1), tree_condition(b, "Ready", v1beta1))) return false;
  if (v1beta1) return true;
  return same(tree_condition(a, "Available", false), tree_condition(b, "Available", false)) &&
         same(tree_condition(a, "UpToDate", false), tree_condition(b, "UpToDate", false));
}

void count_into(TreeNode& group, const Json& object) {
  group.group_available += is_true(tree_condition(object, "Available", false)) ? 1 : 0;
  group.group_ready += is_true(tree_condition(object, "Ready", false)) ? 1 : 0;
  group.group_up_to_date += is_true(tree_condition(object, "UpToDate", false)) ? 1 : 0;
}

void add_item(TreeNode& group, const TreeNode& node) {
  group.group_items.push_back(node.name());
  std::sort(group.group_items.begin(), group.group_items.end());
  count_into(group, node.object);
}

std::unique_ptr<TreeNode> make_group(const TreeNode& first, const TreeNode& second) {
  auto group = std::make_unique<TreeNode>();
  group->is_virtual = true;
  group->object = second.object;  // its conditions stand for all of them
  group->object["kind"] = second.kind() + "Group";
  group->z_order = second.z_order;
  add_item(*group, first);
  add_item(*group, second);
  return group;
}

// Merges the child with a sibling in the same state. True where it was merged.
bool merge_into_group(TreeNode& parent, const TreeNode& child, bool v1beta1) {
  for (auto& sibling : parent.children) {
    if (!same_state(sibling->object, child.object, v1beta1)) continue;
    if (!sibling->group_items.empty()) {
      if (sibling->kind() != child.kind() + "Group") continue;
      add_item(*sibling, child);
      return true;
    }
    if (sibling->is_virtual || sibling->kind() != child.kind()) continue;
    sibling = make_group(*sibling, child);
    return true;
  }
  return false;
}

std::unique_ptr<TreeNode> node_of(Json object, std::string meta_name = "") {
  auto node = std::make_unique<TreeNode>();
  node->object = std::move(object);
  node->meta_name = std::move(meta_name);
  return node;
}

std::unique_ptr<TreeNode> virtual_node(const std::string& kind, const std::string& name) {
  auto node = node_of({{"kind", kind}, {"metadata", {{"name", name}}}});
  node->is_virtual = true;
  return node;
}

bool controlled_by(const Json& object, const std::string& kind, const std::string& name) {
  const Json* owners = find(object, {"metadata", "ownerReferences"});
  if (owners == nullptr || !owners->is_array()) return false;
  return std::any_of(owners->begin(), owners->end(), [&](const Json& owner) {
    return get_bool(owner, {"controller"}) && get_string(owner, {"kind"}) == kind &&
           get_string(owner, {"name"}) == name;
  });
}

// One command's walk over the cluster.
class Builder {
 public:
  Builder(ApiClient& client, std::string ns, const TreeOptions& options)
      : client_(client), ns_(std::move(ns)), options_(options) {}

  Result<std::unique_ptr<TreeNode>> build(const std::string& name);

 private:
  Result<Json> follow(const Json* reference);
  Result<std::vector<Json>> members(const char* kind);
  Result<void> add_infrastructure(TreeNode& root);
  Result<void> add_resource_sets(TreeNode& root);
  Result<TreeNode*> add_control_plane(TreeNode& root);
  Result<void> add_machine(TreeNode& parent, const Json& machine);
  Result<void> add_workers(TreeNode& root);
  Result<void> add_deployment(TreeNode& workers, const Json& deployment);
  Result<void> add_template(TreeNode& parent, const Json* reference, const char* meta_name);

  ApiClient& client_;
  std::string ns_;
  std::string cluster_;
  const TreeOptions& options_;
  std::vector<Json> machines_;
  std::set<std::string> placed_;  // names of machines that hang somewhere
};

Result<Json> Builder::follow(const Json* reference) {
  if (reference == nullptr || get_string(*reference, {"name"}).empty()) return Json(nullptr);
  return client_.find({get_string(*reference, {"apiGroup"}), get_string(*reference, {"kind"})}, ns_,
                      get_string(*reference, {"name"}));
}

Result<std::vector<Json>> Builder::members(const char* kind) {
  return client_.list({kCore, kind}, ns_, "cluster.x-k8s.io%2Fcluster-name%3D" + cluster_);
}

Result<std::unique_ptr<TreeNode>> Builder::build(const std::string& name) {
  cluster_ = name;
  Json cluster = TRY(client_.find({kCore, "Cluster"}, ns_, name));
  if (cluster.is_null()) {
    return Error::not_found("there is no Cluster \"" + name + "\" in namespace \"" + ns_ +
                            "\"; `kubectl get clusters -A` lists those there are");
  }
  auto root = node_of(std::move(cluster));
  root->show = shown(*root, options_.show_conditions);
  TRY(add_infrastructure(*root));
  if (options_.show_resource_sets) TRY(add_resource_sets(*root));
  TreeNode* control_plane = TRY(add_control_plane(*root));
  machines_ = TRY(members("Machine"));
  for (const Json& machine : machines_) {
    const Json* labels = find(machine, {"metadata", "labels"});
    if (labels == nullptr || !labels->contains(kControlPlaneLabel)) continue;
    // Without a control plane object, its machines hang under the cluster's other ones.
    if (control_plane == nullptr) continue;
    TRY(add_machine(*control_plane, machine));
  }
  TRY(add_workers(*root));
  return root;
}

Result<void> Builder::add_infrastructure(TreeNode& root) {
  Json object = TRY(follow(find(root.object, {"spec", "infrastructureRef"})));
  if (!object.is_null()) {
    add_child(root, node_of(std::move(object), "ClusterInfrastructure"), options_);
  }
  return {};
}

Result<void> Builder::add_resource_sets(TreeNode& root) {
  const Json binding = TRY(client_.find({kAddons, "ClusterResourceSetBinding"}, ns_, cluster_));
  const Json* bindings = find(binding, {"spec", "bindings"});
  if (bindings == nullptr || !bindings->is_array()) return {};
  TreeNode* group =
      add_child(root, virtual_node("ClusterResourceSetGroup", "ClusterResourceSets"), options_);
  for (const Json& item : *bindings) {
    Json object = {
        {"kind", "ClusterResourceSet"},
        {"metadata", {{"namespace", ns_}, {"name", get_string(item, {"clusterResourceSetName"})}}}};
    add_child(*group, node_of(std::move(object)), options_);
  }
  return {};
}

Result<TreeNode*> Builder::add_control_plane(TreeNode& root) {
  Json object = TRY(follow(find(root.object, {"spec", "controlPlaneRef"})));
  if (object.is_null()) return nullptr;
  auto node = node_of(std::move(object), "ControlPlane");
  node->is_control_plane = true;
  node->groups_children = options_.grouping;
  TreeNode* added = add_child(root, std::move(node), options_);
  if (options_.show_templates) {
    TRY(add_template(*added,
                     find(added->object, {"spec", "machineTemplate", "spec", "infrastructureRef"}),
                     "MachineInfrastructureTemplate"));
  }
  return added;
}

Result<void> Builder::add_template(TreeNode& parent, const Json* reference, const char* meta_name) {
  if (reference == nullptr) return {};
  Json object = {{"kind", get_string(*reference, {"kind"})},
                 {"metadata", {{"namespace", ns_}, {"name", get_string(*reference, {"name"})}}}};
  auto found = std::find_if(parent.children.begin(), parent.children.end(),
                            [](const auto& child) { return child->kind() == "TemplateGroup"; });
  TreeNode* group = nullptr;
  if (found == parent.children.end()) {
    auto node = virtual_node("TemplateGroup", parent.name());
    node->meta_name = "Templates";
    node->z_order = 1;
    group = add_child(parent, std::move(node), options_);
  } else {
    group = found->get();
  }
  add_child(*group, node_of(std::move(object), meta_name), options_);
  return {};
}

Result<void> Builder::add_machine(TreeNode& parent, const Json& machine) {
  placed_.insert(get_string(machine, {"metadata", "name"}));
  TreeNode* node = add_child(parent, node_of(machine), options_);
  if (node == nullptr) return {};
  Json infra = TRY(follow(find(machine, {"spec", "infrastructureRef"})));
  if (!infra.is_null()) {
    add_child(*node, node_of(std::move(infra), "MachineInfrastructure"), options_, true);
  }
  Json config = TRY(follow(find(machine, {"spec", "bootstrap", "configRef"})));
  if (!config.is_null()) {
    add_child(*node, node_of(std::move(config), "BootstrapConfig"), options_, true);
  }
  return {};
}

Result<void> Builder::add_workers(TreeNode& root) {
  const std::vector<Json> deployments = TRY(members("MachineDeployment"));
  if (placed_.size() == machines_.size() && deployments.empty()) return {};
  TreeNode* workers = add_child(root, virtual_node("WorkerGroup", "Workers"), options_);
  for (const Json& deployment : deployments) TRY(add_deployment(*workers, deployment));
  TreeNode* other = nullptr;
  for (const Json& machine : machines_) {
    if (placed_.contains(get_string(machine, {"metadata", "name"}))) continue;
    if (other == nullptr)
      other = add_child(*workers, virtual_node("OtherGroup", "Other"), options_);
    TRY(add_machine(*other, machine));
  }
  return {};
}

Result<void> Builder::add_deployment(TreeNode& workers, const Json& deployment) {
  auto made = node_of(deployment);
  made->groups_children = options_.grouping && !options_.show_machine_sets;
  TreeNode* node = add_child(workers, std::move(made), options_);
  if (options_.show_templates) {
    const Json* spec = find(deployment, {"spec", "template", "spec"});
    if (spec != nullptr) {
      TRY(add_template(*node, find(*spec, {"bootstrap", "configRef"}), "BootstrapConfigTemplate"));
      TRY(add_template(*node, find(*spec, {"infrastructureRef"}), "MachineInfrastructureTemplate"));
    }
  }
  for (const Json& set : TRY(members("MachineSet"))) {
    if (!controlled_by(set, "MachineDeployment", node->name())) continue;
    TreeNode* parent = node;
    if (options_.show_machine_sets) {
      auto set_node = node_of(set);
      set_node->groups_children = options_.grouping;
      parent = add_child(*node, std::move(set_node), options_);
    }
    for (const Json& machine : machines_) {
      if (controlled_by(machine, "MachineSet", get_string(set, {"metadata", "name"}))) {
        TRY(add_machine(*parent, machine));
      }
    }
  }
  return {};
}

}  // namespace

const Json* tree_conditions(const Json& object, bool v1beta1) {
  if (!v1beta1) return find(object, {"status", "conditions"});
  const Json* old = find(object, {"status", "deprecated", "v1beta1", "conditions"});
  if (old != nullptr) return old;
  // An object of a v1beta1 API version has them in the plain place.
  const bool plain = get_string(object, {"apiVersion"}).ends_with("/v1beta1");
  return plain ? find(object, {"status", "conditions"}) : nullptr;
}

const Json* tree_condition(const Json& object, std::string_view type, bool v1beta1) {
  const Json* conditions = tree_conditions(object, v1beta1);
  if (conditions == nullptr || !conditions->is_array()) return nullptr;
  for (const Json& condition : *conditions) {
    if (get_string(condition, {"type"}) == type) return &condition;
  }
  return nullptr;
}

TreeNode* add_child(TreeNode& parent, std::unique_ptr<TreeNode> child, const TreeOptions& options,
                    bool hide_echo) {
  child->show = shown(*child, options.show_conditions);
  const Json* ready = tree_condition(child->object, "Ready", options.v1beta1);
  if (hide_echo && !options.echo &&
      (is_true(ready) || same(ready, tree_condition(parent.object, "Ready", options.v1beta1)))) {
    return nullptr;
  }
  if (parent.groups_children && merge_into_group(parent, *child, options.v1beta1)) return nullptr;
  parent.children.push_back(std::move(child));
  return parent.children.back().get();
}

Result<std::unique_ptr<TreeNode>> build_cluster_tree(ApiClient& client, const std::string& ns,
                                                     const std::string& name,
                                                     const TreeOptions& options) {
  return Builder(client, ns, options).build(name);
}

}  // namespace capstan::cli
