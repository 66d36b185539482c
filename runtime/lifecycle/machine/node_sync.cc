#include "runtime/lifecycle/machine/node_sync.h"

#include <algorithm>
#include <set>

#include "runtime/base/text.h"
#include "runtime/lifecycle/common/names.h"

namespace capstan::lifecycle {
namespace {

constexpr char kMachineAnnotation[] = "cluster.x-k8s.io/machine";
constexpr char kLabelsFromMachine[] = "cluster.x-k8s.io/labels-from-machine";
constexpr char kAnnotationsFromMachine[] = "cluster.x-k8s.io/annotations-from-machine";
constexpr char kTaintsFromMachine[] = "cluster.x-k8s.io/taints-from-machine";
constexpr char kUninitializedTaint[] = "node.cluster.x-k8s.io/uninitialized";

std::string_view domain(std::string_view key) {
  const size_t slash = key.find('/');
  return slash == std::string_view::npos ? std::string_view() : key.substr(0, slash);
}

bool is_or_under(std::string_view name, std::string_view parent) {
  if (name == parent) return true;
  return name.size() > parent.size() && name.ends_with(parent) &&
         name[name.size() - parent.size() - 1] == '.';
}

using Names = std::set<std::string>;

Names names_in(const std::string& list) {
  Names names;
  for (std::string& name : split(list, ',')) {
    if (!name.empty()) names.insert(std::move(name));
  }
  return names;
}

std::string list_of(const Names& names) {
  return join({names.begin(), names.end()}, ",");
}

void set_where_different(const Json& node, const char* part, const std::string& key,
                         const std::string& value, Json& patch) {
  const Json* present = find(node, {"metadata", part, key});
  if (present != nullptr && *present == value) return;
  patch["metadata"][part][key] = value;
}

// Sets what is wanted, takes away what was set before and is not wanted any more, and writes down
// in an annotation what was set.
void sync_strings(const Json& node, const char* part, const char* record,
                  const std::map<std::string, std::string>& wanted, Json& patch) {
  Names names;
  for (const auto& [key, value] : wanted) {
    names.insert(key);
    set_where_different(node, part, key, value, patch);
  }
  for (const std::string& old : names_in(get_string(node, {"metadata", "annotations", record}))) {
    if (!wanted.contains(old) && find(node, {"metadata", part, old}) != nullptr) {
      patch["metadata"][part][old] = nullptr;
    }
  }
  set_where_different(node, "annotations", record, list_of(names), patch);
}

std::string taint_id(const Json& taint) {
  return get_string(taint, {"key"}) + ":" + get_string(taint, {"effect"});
}

void put_taint(Json& taints, const Json& wanted) {
  Json taint = {{"key", get_string(wanted, {"key"})}, {"effect", get_string(wanted, {"effect"})}};
  const std::string value = get_string(wanted, {"value"});
  if (!value.empty()) taint["value"] = value;
  for (Json& present : taints) {
    if (taint_id(present) != taint_id(taint)) continue;
    if (get_string(present, {"value"}) != value) present = std::move(taint);
    return;
  }
  taints.push_back(std::move(taint));
}

// The annotation that records taints is also the mark that those for the first time were set.
void sync_taints(const Json& machine, const Json& node, Json& patch) {
  const Json* present = find(node, {"spec", "taints"});
  Json taints = present != nullptr && present->is_array() ? *present : Json::array();
  const Json before = taints;
  const Json* record = find(node, {"metadata", "annotations", kTaintsFromMachine});
  Names kept;
  if (const Json* wanted = find(machine, {"spec", "taints"}); wanted && wanted->is_array()) {
    for (const Json& taint : *wanted) {
      const bool always = get_string(taint, {"propagation"}) == "Always";
      if (always) kept.insert(taint_id(taint));
      if (always || record == nullptr) put_taint(taints, taint);
    }
  }
  const Names old =
      record != nullptr && record->is_string() ? names_in(record->get<std::string>()) : Names();
  Json left = Json::array();
  for (Json& taint : taints) {
    if (get_string(taint, {"key"}) == kUninitializedTaint) continue;
    const std::string id = taint_id(taint);
    if (old.contains(id) && !kept.contains(id)) continue;
    left.push_back(std::move(taint));
  }
  if (left != before) patch["spec"]["taints"] = left;
  set_where_different(node, "annotations", kTaintsFromMachine, list_of(kept), patch);
}

}  // namespace

bool label_goes_to_node(std::string_view key) {
  const std::string_view prefix = domain(key);
  return prefix == "node-role.kubernetes.io" ||
         is_or_under(prefix, "node-restriction.kubernetes.io") ||
         is_or_under(prefix, "node.cluster.x-k8s.io");
}

bool annotation_goes_to_node(std::string_view key) {
  return is_or_under(domain(key), "node.cluster.x-k8s.io");
}

Json node_patch(const Object& machine, const std::string& cluster_name, bool interruptible,
                const Json& node) {
  Json patch = Json::object();
  const Metadata& meta = machine.meta();
  std::map<std::string, std::string> labels;
  for (const auto& [key, value] : meta.labels) {
    if (label_goes_to_node(key)) labels[key] = value;
  }
  std::map<std::string, std::string> annotations;
  for (const auto& [key, value] : meta.annotations) {
    if (annotation_goes_to_node(key)) annotations[key] = value;
  }
  sync_strings(node, "labels", kLabelsFromMachine, labels, patch);
  sync_strings(node, "annotations", kAnnotationsFromMachine, annotations, patch);
  if (interruptible) set_where_different(node, "labels", kInterruptibleLabel, "", patch);
  const auto annotate = [&](const char* key, const std::string& value) {
    set_where_different(node, "annotations", key, value, patch);
  };
  annotate("cluster.x-k8s.io/cluster-name", cluster_name);
  annotate("cluster.x-k8s.io/cluster-namespace", meta.ns);
  annotate(kMachineAnnotation, meta.name);
  if (const OwnerReference* owner = meta.controller()) {
    annotate("cluster.x-k8s.io/owner-kind", owner->kind);
    annotate("cluster.x-k8s.io/owner-name", owner->name);
  }
  sync_taints(*machine.tree(), node, patch);
  return patch;
}

const Json* find_node(const std::vector<std::shared_ptr<const Json>>& nodes,
                      const std::string& provider_id) {
  if (provider_id.empty()) return nullptr;
  const auto found = std::find_if(nodes.begin(), nodes.end(), [&](const auto& node) {
    const Json* id = find(*node, {"spec", "providerID"});
    return id != nullptr && id->is_string() && id->get_ref<const std::string&>() == provider_id;
  });
  return found == nodes.end() ? nullptr : found->get();
}

}  // namespace capstan::lifecycle
