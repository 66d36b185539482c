#include "runtime/lifecycle/machine_deployment/machine_deployment_sets.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "runtime/base/text.h"
#include "runtime/lifecycle/common/changes.h"
#include "runtime/lifecycle/common/machine_template.h"
#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/common/owner_references.h"

namespace capstan::lifecycle {
namespace {

constexpr std::array kNotCopied = {kLastApplied,     kRevision,    kRevisionHistory,
                                   kDesiredReplicas, kMaxReplicas, kPausedAnnotation};

Json object_at(const Json& tree, std::initializer_list<std::string_view> path) {
  const Json* found = find(tree, path);
  return found != nullptr && found->is_object() ? *found : Json::object();
}

Json set_annotations(const MachineDeploymentScope& scope) {
  const RolloutInput input = scope.rollout();
  Json annotations = Json::object();
  for (const auto& [key, value] : scope.draft.meta().annotations) {
    const bool copied = std::find(kNotCopied.begin(), kNotCopied.end(), key) == kNotCopied.end();
    if (copied) annotations[key] = value;
  }
  annotations[kRevision] = current_revision(scope);
  annotations[kDesiredReplicas] = std::to_string(input.desired);
  annotations[kMaxReplicas] = std::to_string(input.desired + input.max_surge);
  return annotations;
}

Json set_labels(const MachineDeploymentScope& scope, const std::string& hash) {
  Json labels = object_at(scope.machine_template(), {"metadata", "labels"});
  labels[kClusterNameLabel] = scope.cluster_name();
  labels[kDeploymentNameLabel] = scope.draft.meta().name;
  if (!hash.empty()) labels[kTemplateHashLabel] = hash;
  return labels;
}

// With the default that MachineSets get.
std::string deletion_order(const MachineDeploymentScope& scope) {
  return get_string(scope.draft.tree(), {"spec", "deletion", "order"}, "Random");
}

int64_t revision_of(const Object& object) {
  const std::string& text = object.meta().annotation(kRevision);
  int64_t revision = 0;
  std::from_chars(text.data(), text.data() + text.size(), revision);
  return revision;
}

void carry_over(const Json& from, std::initializer_list<std::string_view> path, Draft& draft) {
  const Json* value = find(from, path);
  draft.set(path, value != nullptr ? *value : Json());
}

}  // namespace

std::string current_revision(const MachineDeploymentScope& scope) {
  int64_t highest = 0;
  for (const ObjectPtr& set : scope.old) highest = std::max(highest, revision_of(*set));
  const int64_t own = scope.current != nullptr ? revision_of(*scope.current) : 0;
  return std::to_string(own > highest ? own : highest + 1);
}

Change new_machine_set(const MachineDeploymentScope& scope, int64_t replicas, Random& random) {
  const Metadata& meta = scope.draft.meta();
  const Json& tree = scope.draft.tree();
  const std::string suffix = random.suffix();
  const std::string hash =
      std::to_string(static_cast<uint32_t>(fnv1a(dump_json(scope.machine_template())))) + "-" +
      suffix;
  Json set = {{"apiVersion", kClusterApiVersion}, {"kind", "MachineSet"}};
  set["metadata"] = {
      {"name", meta.name + "-" + suffix},
      {"namespace", meta.ns},
      {"labels", set_labels(scope, hash)},
      {"annotations", set_annotations(scope)},
      {"finalizers", {kMachineSetFinalizer}},
      {"ownerReferences", owners_json({owner_reference(scope.draft.object(), true)})}};
  Json& spec = set["spec"];
  spec = {{"clusterName", scope.cluster_name()}, {"replicas", replicas}};
  spec["selector"] = object_at(tree, {"spec", "selector"});
  spec["selector"]["matchLabels"][kTemplateHashLabel] = hash;
  spec["template"] = scope.machine_template();
  spec["template"]["metadata"]["labels"] = set_labels(scope, hash);
  spec["deletion"]["order"] = deletion_order(scope);
  if (const Json* naming = find(tree, {"spec", "machineNaming"})) spec["machineNaming"] = *naming;
  Change change = creation(std::move(set));
  change.manager = kMachineDeploymentManager;
  return change;
}

void update_current(const MachineDeploymentScope& scope, int64_t replicas, Outcome& outcome) {
  Draft draft(scope.current);
  const Json labels = set_labels(scope, scope.current->meta().label(kTemplateHashLabel));
  const std::string manager = kMachineDeploymentManager;
  draft.set({"spec", "replicas"}, replicas);
  propagate_strings(labels, {"metadata", "labels"}, manager, draft);
  propagate_strings(set_annotations(scope), {"metadata", "annotations"}, manager, draft);
  draft.remove_annotation(kDisableMachineCreate);
  propagate_strings(labels, {"spec", "template", "metadata", "labels"}, manager, draft);
  propagate_strings(object_at(scope.machine_template(), {"metadata", "annotations"}),
                    {"spec", "template", "metadata", "annotations"}, manager, draft);
  propagate_in_place(object_at(scope.machine_template(), {"spec"}), {"spec", "template", "spec"},
                     manager, draft);
  draft.set({"spec", "deletion", "order"}, deletion_order(scope));
  carry_over(scope.draft.tree(), {"spec", "machineNaming"}, draft);
  draft.finish(outcome, manager);
}

void update_old(const MachineDeploymentScope& scope, const ObjectPtr& set, int64_t replicas,
                bool disable_create, Outcome& outcome) {
  Draft draft(set);
  draft.set({"spec", "replicas"}, replicas);
  if (disable_create) {
    draft.set_annotation(kDisableMachineCreate, "true");
  } else if (!scope.draft.meta().annotations.contains(kDisableMachineCreate)) {
    draft.remove_annotation(kDisableMachineCreate);
  }
  draft.finish(outcome, kMachineDeploymentManager);
}

}  // namespace capstan::lifecycle
