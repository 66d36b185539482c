#include "runtime/lifecycle/machine_set/machine_set_scope.h"

#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/common/owner_references.h"
#include "runtime/object/selector.h"

namespace capstan::lifecycle {

const Json& MachineSetScope::machine_template() const {
  static const Json kEmpty = Json::object();
  const Json* found = find(draft.tree(), {"spec", "template"});
  return found != nullptr ? *found : kEmpty;
}

Result<MachineSetScope> gather_machine_set(ObjectPtr machine_set, const KindRegistry& kinds,
                                           const WatchCache& objects) {
  MachineSetScope scope(std::move(machine_set));
  const Metadata& meta = scope.draft.meta();
  const Json& tree = scope.draft.tree();
  scope.cluster = objects.get({kCluster, meta.ns, scope.cluster_name()});
  if (const OwnerReference* owner = meta.controller(); owner != nullptr) {
    scope.deployment = objects.get_by_uid(owner->uid);
  }
  if (scope.cluster != nullptr) {
    scope.control_plane =
        link(find(*scope.cluster->tree(), {"spec", "controlPlaneRef"}), meta.ns, kinds, objects);
  }
  scope.bootstrap_template = link(
      find(tree, {"spec", "template", "spec", "bootstrap", "configRef"}), meta.ns, kinds, objects);
  scope.infrastructure_template =
      link(find(tree, {"spec", "template", "spec", "infrastructureRef"}), meta.ns, kinds, objects);

  static const Json kNothing;
  const Json* selector = find(tree, {"spec", "selector"});
  const LabelSelector matching =
      TRY(LabelSelector::from_json(selector != nullptr ? *selector : kNothing));
  const ListOptions of_cluster{meta.ns, {{kClusterNameLabel, scope.cluster_name()}}};
  for (const ObjectPtr& machine : objects.list(kMachine, of_cluster).items) {
    if (controlled_by(machine->meta(), meta.uid)) {
      scope.machines.push_back(machine);
    } else if (machine->meta().controller() == nullptr && !machine->meta().deleting() &&
               matching.matches(machine->meta().labels)) {
      scope.adoptable.push_back(machine);
    }
  }
  return scope;
}

}  // namespace capstan::lifecycle
