#include "runtime/lifecycle/cluster_resource_set/cluster_resource_binder.h"

#include "runtime/lifecycle/cluster_resource_set/manifests.h"
#include "runtime/lifecycle/common/changes.h"
#include "runtime/lifecycle/common/draft.h"
#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/common/owner_references.h"
#include "runtime/lifecycle/common/pause.h"
#include "runtime/lifecycle/common/wake.h"
#include "runtime/object/selector.h"

namespace capstan::lifecycle {
namespace {

constexpr Duration kConnectAgain = std::chrono::seconds(10);

bool reachable(const Object& cluster) {
  return get_bool(*cluster.tree(), {"status", "initialization", "controlPlaneInitialized"});
}

// Entries of sets that are gone or go: what they applied stays.
void drop_gone(Binding& binding, const std::string& ns, const WatchCache& objects) {
  std::erase_if(binding.sets, [&](const auto& entry) {
    const ObjectPtr set = objects.get({kClusterResourceSet, ns, entry.first});
    return set == nullptr || set->meta().deleting();
  });
}

Json binding_body(const Object& cluster, const Binding& binding,
                  const std::vector<OwnerReference>& owners) {
  Json body = {{"apiVersion", "addons.cluster.x-k8s.io/v1beta2"},
               {"kind", "ClusterResourceSetBinding"}};
  body["metadata"] = {{"name", cluster.meta().name},
                      {"namespace", cluster.meta().ns},
                      {"labels", {{kClusterNameLabel, cluster.meta().name}}},
                      {"ownerReferences", owners_json(owners)}};
  body["spec"] = {{"clusterName", cluster.meta().name}, {"bindings", binding.to_json()}};
  return body;
}

void write_binding(const Object& cluster, const ObjectPtr& object, const Binding& binding,
                   const WatchCache& objects, Outcome& outcome) {
  if (binding.sets.empty()) {
    if (object != nullptr) outcome.changes.push_back(removal(*object));
    return;
  }
  std::vector<OwnerReference> owners;
  for (const auto& [name, resources] : binding.sets) {
    const ObjectPtr set = objects.get({kClusterResourceSet, cluster.meta().ns, name});
    if (set != nullptr) owners.push_back(owner_reference(*set, false));
  }
  if (object == nullptr) {
    outcome.changes.push_back(creation(binding_body(cluster, binding, owners)));
    return;
  }
  Draft draft(object);
  draft.set({"spec", "bindings"}, binding.to_json());
  for (const OwnerReference& owner : owners) draft.ensure_owner(owner);
  draft.finish(outcome);
}

Keys all_clusters(const StoreEvent& event, const WatchCache& objects) {
  Keys keys;
  for (const ObjectPtr& cluster : objects.list(kCluster, {event.object->meta().ns, {}}).items) {
    keys.push_back(cluster->key());
  }
  return keys;
}

// A set counts when its spec changed, or when it comes or goes.
Keys clusters_of_set(const StoreEvent& event, const WatchCache& objects) {
  const bool same = event.previous != nullptr && event.type == EventType::kModified &&
                    event.previous->meta().generation == event.object->meta().generation &&
                    event.previous->meta().deleting() == event.object->meta().deleting();
  return same ? Keys{} : all_clusters(event, objects);
}

Keys clusters_of_resource(const StoreEvent& event, const WatchCache& objects) {
  const Metadata& meta = event.object->meta();
  for (const ObjectPtr& set : objects.list(kClusterResourceSet, {meta.ns, {}}).items) {
    const JsonPtr tree = set->tree();
    const Json* resources = find(*tree, {"spec", "resources"});
    if (resources == nullptr || !resources->is_array()) continue;
    for (const Json& resource : *resources) {
      if (get_string(resource, {"kind"}) == event.object->kind() &&
          get_string(resource, {"name"}) == meta.name) {
        return all_clusters(event, objects);
      }
    }
  }
  return {};
}

Keys cluster_itself(const StoreEvent& event, const WatchCache& objects) {
  const bool relabelled =
      event.previous != nullptr && event.previous->meta().labels != event.object->meta().labels;
  if (!relabelled && !wake_matters(event)) return {};
  if (event.type != EventType::kDeleted &&
      objects.count(kClusterResourceSet) + objects.count(kClusterResourceSetBinding) == 0) {
    return {};
  }
  return {event.object->key()};
}

}  // namespace

Objects resource_sets_of(const Object& cluster, const WatchCache& objects) {
  Objects found;
  for (const ObjectPtr& set : objects.list(kClusterResourceSet, {cluster.meta().ns, {}}).items) {
    if (set->meta().deleting()) continue;
    const JsonPtr tree = set->tree();
    const Json* selector = find(*tree, {"spec", "clusterSelector"});
    if (selector == nullptr) continue;
    const auto parsed = LabelSelector::from_json(*selector);
    if (!parsed.ok() || parsed->matches_everything()) continue;
    if (parsed->matches(cluster.meta().labels)) found.push_back(set);
  }
  return found;
}

Result<Outcome> ClusterResourceBinder::reconcile(const ObjectKey& key,
                                                 const ReconcileContext& context) {
  Outcome outcome;
  const ObjectPtr object = context.objects.get({kClusterResourceSetBinding, key.ns, key.name});
  const ObjectPtr cluster = context.objects.get(key);
  if (cluster == nullptr) {
    if (object != nullptr) outcome.changes.push_back(removal(*object));
    return outcome;
  }
  // A set that is being deleted waits until no binding names it, whatever the cluster does.
  Binding binding = Binding::from_object(object.get());
  drop_gone(binding, key.ns, context.objects);
  const bool at_rest = cluster->meta().deleting() || is_paused(cluster.get(), *cluster);
  if (!at_rest && reachable(*cluster)) {
    Applier applier(deps_.workload, {key.ns, key.name});
    for (const ObjectPtr& set : resource_sets_of(*cluster, context.objects)) {
      apply_set(*set, applier, binding, context, outcome);
    }
  }
  write_binding(*cluster, object, binding, context.objects, outcome);
  return outcome;
}

void ClusterResourceBinder::apply_set(const Object& set, Applier& applier, Binding& binding,
                                      const ReconcileContext& context, Outcome& outcome) {
  const JsonPtr tree = set.tree();
  const bool reconcile = get_string(*tree, {"spec", "strategy"}) == "Reconcile";
  const Json* resources = find(*tree, {"spec", "resources"});
  if (resources == nullptr || !resources->is_array()) return;
  for (const Json& ref : *resources) {
    const std::string kind = get_string(ref, {"kind"});
    const std::string name = get_string(ref, {"name"});
    const ObjectPtr resource = context.objects.get({{"", kind}, set.meta().ns, name});
    AppliedResource& entry = binding.entry(set.meta().name, kind, name);
    if (resource == nullptr) continue;  // its creation wakes the Cluster
    auto manifests = read_manifests(*resource);
    if (!manifests.ok()) {
      entry.applied = false;
      outcome.error = std::move(manifests).error();
      continue;
    }
    if (!needs_applying(entry, manifests->hash, reconcile)) continue;
    Result<void> result;
    for (const Json& object : manifests->objects) {
      auto done = reconcile ? applier.apply(object) : applier.create(object);
      if (!done.ok()) result = std::move(done);
    }
    // Waiting for the API is no failure: nothing has been tried yet.
    if (result.code() == Code::kFailedPrecondition && !entry.applied && entry.hash.empty()) {
      requeue_within(outcome.requeue_after, kConnectAgain);
      continue;
    }
    entry.applied = result.ok();
    entry.hash = manifests->hash;
    entry.last_applied = format_time(context.clock.now());
    if (!result.ok()) outcome.error = std::move(result).error();
  }
}

std::vector<WatchRule> cluster_resource_binder_watches() {
  return {{kCluster, cluster_itself},
          {kClusterResourceSet, clusters_of_set},
          {kConfigMap, clusters_of_resource},
          {kSecret, clusters_of_resource}};
}

}  // namespace capstan::lifecycle
