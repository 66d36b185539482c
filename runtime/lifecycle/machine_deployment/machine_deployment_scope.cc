#include "runtime/lifecycle/machine_deployment/machine_deployment_scope.h"

#include <algorithm>

#include "runtime/lifecycle/common/int_or_percent.h"
#include "runtime/lifecycle/common/machine_template.h"
#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/common/owner_references.h"

namespace capstan::lifecycle {
namespace {

bool older(const ObjectPtr& a, const ObjectPtr& b) {
  if (a->meta().creation_timestamp != b->meta().creation_timestamp) {
    return a->meta().creation_timestamp < b->meta().creation_timestamp;
  }
  return a->meta().name < b->meta().name;
}

// After spec.rollout.after has passed, only a set that was made since counts.
bool new_enough(const Object& set, const Json& deployment, Instant now) {
  const auto after = parse_time(get_string(deployment, {"spec", "rollout", "after"}));
  if (!after.ok() || *after > now) return true;
  const auto created = parse_time(set.meta().creation_timestamp);
  return created.ok() && *created >= *after;
}

bool matches(const Object& set, const MachineDeploymentScope& scope, Instant now) {
  const JsonPtr tree = set.tree();
  const Json* machine_template = find(*tree, {"spec", "template"});
  return machine_template != nullptr &&
         template_differences(*machine_template, scope.machine_template()).empty() &&
         new_enough(set, scope.draft.tree(), now);
}

int64_t replicas_of(const Object& set) {
  return get_int(*set.tree(), {"spec", "replicas"});
}

SetState state_of(const Object& set, const Objects& machines) {
  const JsonPtr tree = set.tree();
  SetState state{.name = set.meta().name};
  state.spec = get_int(*tree, {"spec", "replicas"});
  state.actual = get_int(*tree, {"status", "replicas"});
  state.available = get_int(*tree, {"status", "availableReplicas"});
  for (const ObjectPtr& machine : machines) {
    state.alive += !machine->meta().deleting() && controlled_by(machine->meta(), set.meta().uid);
  }
  return state;
}

}  // namespace

const Json& MachineDeploymentScope::machine_template() const {
  static const Json kEmpty = Json::object();
  const Json* found = find(draft.tree(), {"spec", "template"});
  return found != nullptr ? *found : kEmpty;
}

Objects MachineDeploymentScope::sets() const {
  Objects all = old;
  if (current != nullptr) all.push_back(current);
  return all;
}

RolloutInput MachineDeploymentScope::rollout() const {
  RolloutInput input;
  input.desired = desired();
  const Json* bounds = find(draft.tree(), {"spec", "rollout", "strategy", "rollingUpdate"});
  const Json* surge = bounds != nullptr ? find(*bounds, {"maxSurge"}) : nullptr;
  const Json* unavailable = bounds != nullptr ? find(*bounds, {"maxUnavailable"}) : nullptr;
  input.max_surge = resolve_count(surge, input.desired, true, 1);
  input.max_unavailable = resolve_count(unavailable, input.desired, false, 0);
  resolve_fenceposts(input.max_surge, input.max_unavailable);
  input.max_unavailable = std::min(input.max_unavailable, input.desired);
  if (current != nullptr) input.current = state_of(*current, machines);
  for (const ObjectPtr& set : old) input.old.push_back(state_of(*set, machines));
  return input;
}

MachineDeploymentScope gather_machine_deployment(ObjectPtr deployment, const KindRegistry& kinds,
                                                 const WatchCache& objects, Instant now) {
  MachineDeploymentScope scope(std::move(deployment));
  const Metadata& meta = scope.draft.meta();
  const Json& tree = scope.draft.tree();
  scope.cluster = objects.get({kCluster, meta.ns, scope.cluster_name()});
  scope.bootstrap_template = link(
      find(tree, {"spec", "template", "spec", "bootstrap", "configRef"}), meta.ns, kinds, objects);
  scope.infrastructure_template =
      link(find(tree, {"spec", "template", "spec", "infrastructureRef"}), meta.ns, kinds, objects);
  for (const ObjectPtr& object : objects.owned_by(meta.uid)) {
    if (object->key().kind == kMachineSet && controlled_by(object->meta(), meta.uid)) {
      scope.old.push_back(object);
    }
  }
  std::sort(scope.old.begin(), scope.old.end(), older);
  for (const ObjectPtr& set : scope.old) {
    for (const ObjectPtr& machine : objects.owned_by(set->meta().uid)) {
      if (machine->key().kind == kMachine) scope.machines.push_back(machine);
    }
  }
  // Of several that match, the one with most replicas, then the oldest.
  for (const ObjectPtr& set : scope.old) {
    if (set->meta().deleting() || !matches(*set, scope, now)) continue;
    if (scope.current == nullptr || replicas_of(*set) > replicas_of(*scope.current)) {
      scope.current = set;
    }
  }
  std::erase(scope.old, scope.current);
  return scope;
}

}  // namespace capstan::lifecycle
