#include "runtime/lifecycle/machine/machine_scope.h"

#include "runtime/lifecycle/common/names.h"

namespace capstan::lifecycle {

std::string MachineScope::provider_id() const {
  std::string id = get_string(draft.tree(), {"spec", "providerID"});
  if (id.empty() && infrastructure.exists() && provisioned(*infrastructure.external)) {
    id = lifecycle::provider_id(*infrastructure.external);
  }
  return id;
}

bool MachineScope::bootstrap_created() const {
  if (get_bool(draft.tree(), {"status", "initialization", "bootstrapDataSecretCreated"})) {
    return true;
  }
  if (!bootstrap.defined) {
    return !get_string(draft.tree(), {"spec", "bootstrap", "dataSecretName"}).empty();
  }
  return bootstrap.exists() && data_secret_created(*bootstrap.external) &&
         !data_secret_name(*bootstrap.external).empty();
}

bool MachineScope::infrastructure_provisioned() const {
  if (get_bool(draft.tree(), {"status", "initialization", "infrastructureProvisioned"})) {
    return true;
  }
  return infrastructure.exists() && provisioned(*infrastructure.external) && !provider_id().empty();
}

bool MachineScope::cluster_infrastructure_provisioned() const {
  return cluster_tree != nullptr &&
         get_bool(*cluster_tree, {"status", "initialization", "infrastructureProvisioned"});
}

std::string MachineScope::node_name() const {
  if (node.node != nullptr) return get_string(*node.node, {"metadata", "name"});
  return get_string(draft.tree(), {"status", "nodeRef", "name"});
}

MachineScope gather_machine(ObjectPtr machine, const KindRegistry& kinds,
                            const WatchCache& objects) {
  MachineScope scope(std::move(machine));
  const Json& tree = scope.draft.tree();
  const std::string& ns = scope.draft.meta().ns;
  scope.cluster = objects.get({kCluster, ns, scope.cluster_name()});
  if (scope.cluster != nullptr) scope.cluster_tree = scope.cluster->tree();
  scope.bootstrap = link(find(tree, {"spec", "bootstrap", "configRef"}), ns, kinds, objects);
  scope.infrastructure = link(find(tree, {"spec", "infrastructureRef"}), ns, kinds, objects);
  return scope;
}

}  // namespace capstan::lifecycle
