#include "runtime/lifecycle/machine_set/machine_set_machines.h"

#include <algorithm>

#include "runtime/base/text.h"
#include "runtime/lifecycle/common/changes.h"
#include "runtime/lifecycle/common/clone.h"
#include "runtime/lifecycle/common/int_or_percent.h"
#include "runtime/lifecycle/common/machine_template.h"
#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/common/naming.h"
#include "runtime/lifecycle/common/owner_references.h"

namespace capstan::lifecycle {
namespace {

Json object_at(const Json& tree, std::initializer_list<std::string_view> path) {
  const Json* found = find(tree, path);
  return found != nullptr && found->is_object() ? *found : Json::object();
}

Json machine_labels(const MachineSetScope& scope) {
  Json labels = object_at(scope.machine_template(), {"metadata", "labels"});
  labels[kClusterNameLabel] = scope.cluster_name();
  labels[kSetNameLabel] = label_value(scope.draft.meta().name);
  const std::string& deployment = scope.draft.meta().label(kDeploymentNameLabel);
  if (!deployment.empty()) labels[kDeploymentNameLabel] = deployment;
  return labels;
}

Json machine_annotations(const MachineSetScope& scope) {
  return object_at(scope.machine_template(), {"metadata", "annotations"});
}

// With the default that Machines get, so that it is not taken for something to be removed.
Json machine_spec(const MachineSetScope& scope) {
  Json spec = object_at(scope.machine_template(), {"spec"});
  Json& timeout = make(spec, {"deletion", "nodeDeletionTimeoutSeconds"});
  if (timeout.is_null()) timeout = kDefaultNodeDeletionTimeout;
  return spec;
}

Result<std::string> new_name(const MachineSetScope& scope, Random& random) {
  const std::string pattern = get_string(scope.draft.tree(), {"spec", "machineNaming", "template"},
                                         "{{ .machineSet.name }}-{{ .random }}");
  return render_name(
      pattern,
      {{"cluster.name", scope.cluster_name()}, {"machineSet.name", scope.draft.meta().name}},
      random);
}

Result<Json> clone_of(const MachineSetScope& scope, const Linked& linked, const std::string& name,
                      const char* field) {
  if (linked.error) return *linked.error;
  if (!linked.exists()) {
    return Error::not_found(linked.text() + ", which " + field +
                            " of the MachineSet names, does not exist; create it");
  }
  CloneOptions options{.name = name, .cluster_name = scope.cluster_name()};
  options.owners = {owner_reference(scope.draft.object(), false)};
  options.labels = machine_labels(scope);
  options.annotations = machine_annotations(scope);
  return clone_template(*linked.external->object, options);
}

Json reference_to(const Json& object) {
  return {{"apiGroup", GroupVersion::parse(get_string(object, {"apiVersion"})).group},
          {"kind", get_string(object, {"kind"})},
          {"name", get_string(object, {"metadata", "name"})}};
}

Json machine_body(const MachineSetScope& scope, const std::string& name, const Json* config,
                  const Json& infrastructure) {
  Json machine = {{"apiVersion", kClusterApiVersion}, {"kind", "Machine"}};
  Json& meta = machine["metadata"];
  meta = {{"name", name},
          {"namespace", scope.draft.meta().ns},
          {"labels", machine_labels(scope)},
          {"annotations", machine_annotations(scope)},
          {"finalizers", {kMachineFinalizer}},
          {"ownerReferences", owners_json({owner_reference(scope.draft.object(), true)})}};
  Json& spec = machine["spec"];
  spec = machine_spec(scope);
  spec["clusterName"] = scope.cluster_name();
  spec["infrastructureRef"] = reference_to(infrastructure);
  if (config != nullptr) spec["bootstrap"] = {{"configRef", reference_to(*config)}};
  return machine;
}

Condition up_to_date(const MachineSetScope& scope) {
  const Json* wanted = find(*scope.deployment->tree(), {"spec", "template"});
  auto reasons =
      template_differences(scope.machine_template(), wanted != nullptr ? *wanted : Json::object());
  if (reasons.empty()) return condition("UpToDate", kTrue, "UpToDate");
  for (std::string& reason : reasons) reason.insert(0, "* ");
  return condition("UpToDate", kFalse, "NotUpToDate", join(reasons, "\n"));
}

void sync_linked(const MachineSetScope& scope, const Json* ref, const WatchCache& objects,
                 Outcome& outcome) {
  if (!is_reference(ref)) return;
  ObjectPtr object = objects.get(reference_key(*ref, scope.draft.meta().ns));
  if (object == nullptr || object->meta().deleting()) return;
  Json annotations = machine_annotations(scope);
  // What the template says nothing of, and the clone has from this manager nevertheless.
  for (const char* name : {kClonedFromName, kClonedFromGroupKind}) {
    const std::string& origin = object->meta().annotation(name);
    if (!origin.empty()) annotations[name] = origin;
  }
  Draft draft(std::move(object));
  propagate_strings(machine_labels(scope), {"metadata", "labels"}, kMachineSetManager, draft);
  propagate_strings(annotations, {"metadata", "annotations"}, kMachineSetManager, draft);
  draft.finish(outcome, kMachineSetManager);
}

bool waits_for_remediation(const Json& machine) {
  return is_condition_false(machine, "HealthCheckSucceeded") &&
         is_condition_false(machine, "OwnerRemediated");
}

}  // namespace

Result<std::vector<Change>> new_machine(const MachineSetScope& scope, Random& random) {
  const std::string name = TRY(new_name(scope, random));
  std::vector<Change> changes;
  std::optional<Json> config;
  if (scope.bootstrap_template.defined) {
    config = TRY(
        clone_of(scope, scope.bootstrap_template, name, "spec.template.spec.bootstrap.configRef"));
  }
  Json infrastructure = TRY(
      clone_of(scope, scope.infrastructure_template, name, "spec.template.spec.infrastructureRef"));
  Json machine = machine_body(scope, name, config ? &*config : nullptr, infrastructure);
  if (config) changes.push_back(creation(*std::move(config)));
  changes.push_back(creation(std::move(infrastructure)));
  changes.push_back(creation(std::move(machine)));
  for (Change& change : changes) change.manager = kMachineSetManager;
  return changes;
}

void sync_machine(const MachineSetScope& scope, const ObjectPtr& machine, const WatchCache& objects,
                  Instant now, Outcome& outcome) {
  Draft draft(machine);
  if (!machine->meta().deleting()) {
    propagate_strings(machine_labels(scope), {"metadata", "labels"}, kMachineSetManager, draft);
    propagate_strings(machine_annotations(scope), {"metadata", "annotations"}, kMachineSetManager,
                      draft);
    propagate_in_place(machine_spec(scope), {"spec"}, kMachineSetManager, draft);
    sync_linked(scope, find(draft.tree(), {"spec", "infrastructureRef"}), objects, outcome);
    sync_linked(scope, find(draft.tree(), {"spec", "bootstrap", "configRef"}), objects, outcome);
  }
  if (scope.deployment != nullptr) set_condition(draft.view(), up_to_date(scope), now);
  draft.finish(outcome, kMachineSetManager);
}

Objects left_behind(const MachineSetScope& scope, const WatchCache& objects) {
  Objects found;
  for (const ObjectPtr& object : objects.owned_by(scope.draft.meta().uid)) {
    const ObjectKey key = object->key();
    if (key.kind == kMachine || object->meta().deleting()) continue;
    if (object->meta().annotation(kClonedFromName).empty()) continue;
    if (objects.get({kMachine, key.ns, key.name}) == nullptr) found.push_back(object);
  }
  return found;
}

Objects to_remediate(const MachineSetScope& scope) {
  Objects found;
  int64_t in_flight = 0;
  for (const ObjectPtr& machine : scope.machines) {
    if (!waits_for_remediation(*machine->tree())) continue;
    if (machine->meta().deleting()) {
      ++in_flight;
    } else {
      found.push_back(machine);
    }
  }
  std::sort(found.begin(), found.end(), [](const ObjectPtr& a, const ObjectPtr& b) {
    return a->meta().creation_timestamp > b->meta().creation_timestamp;
  });
  if (scope.deployment == nullptr) return found;
  const JsonPtr deployment = scope.deployment->tree();
  // Machines of an old revision are on their way out anyhow.
  if (scope.draft.meta().annotation(kRevision) != scope.deployment->meta().annotation(kRevision)) {
    return {};
  }
  const Json* limit = find(*deployment, {"spec", "remediation", "maxInFlight"});
  if (limit == nullptr) return found;
  const int64_t desired = get_int(*deployment, {"spec", "replicas"}, 1);
  const int64_t allowed = resolve_count(limit, desired, true, desired) - in_flight;
  if (static_cast<int64_t>(found.size()) > allowed) {
    found.resize(static_cast<size_t>(std::max<int64_t>(0, allowed)));
  }
  return found;
}

}  // namespace capstan::lifecycle
