#include "runtime/plugin/provider_watches.h"

#include <algorithm>
#include <set>
#include <utility>

#include "runtime/object/kind.h"
#include "runtime/object/object_tree.h"
#include "runtime/plugin/provider_request.h"

namespace capstan {
namespace {

using Keys = std::vector<ObjectKey>;

// Whether a Cluster or Machine changed in what providers wait for. Their conditions, phases and
// counts follow from what the providers themselves report: most of their writes are of these only.
bool steers_providers(const StoreEvent& event) {
  if (event.previous == nullptr || event.type != EventType::kModified) return true;
  const Metadata& before = event.previous->meta();
  const Metadata& after = event.object->meta();
  if (before.generation != after.generation || before.deleting() != after.deleting() ||
      before.labels != after.labels || before.owner_references != after.owner_references) {
    return true;
  }
  const JsonPtr old_tree = event.previous->tree();
  const JsonPtr new_tree = event.object->tree();
  return !same_at(*old_tree, *new_tree, {"metadata", "annotations"}) ||
         !same_at(*old_tree, *new_tree, {"status", "initialization"}) ||
         !same_at(*old_tree, *new_tree, {"status", "nodeRef"});
}

// The Machine that owns it changed: what it owns of the kind.
WatchRule of_machine(const GroupKind& kind) {
  return {kMachineKind, [kind](const StoreEvent& event, const WatchCache& cache) {
            Keys keys;
            if (!steers_providers(event)) return keys;
            for (const ObjectPtr& object : cache.owned_by(event.object->meta().uid)) {
              if (object->key().kind == kind) keys.push_back(object->key());
            }
            return keys;
          }};
}

// The Cluster changed: everything of the kind with its label, and what it owns.
WatchRule of_cluster(const GroupKind& kind) {
  return {kClusterKind, [kind](const StoreEvent& event, const WatchCache& cache) {
            const Metadata& cluster = event.object->meta();
            Keys keys;
            if (!steers_providers(event)) return keys;
            for (const ObjectPtr& object :
                 cache.list(kind, {cluster.ns, {{kClusterNameLabel, cluster.name}}}).items) {
              keys.push_back(object->key());
            }
            for (const ObjectPtr& object : cache.owned_by(cluster.uid)) {
              const ObjectKey key = object->key();
              if (key.kind == kind && std::find(keys.begin(), keys.end(), key) == keys.end()) {
                keys.push_back(key);
              }
            }
            return keys;
          }};
}

// Something owned changed: its owners of the kind.
WatchRule owners_of(const GroupKind& owned, const GroupKind& kind) {
  return {owned, [kind](const StoreEvent& event, const WatchCache&) {
            Keys keys;
            for (const OwnerReference& owner : event.object->meta().owner_references) {
              if (owner.kind == kind.kind &&
                  GroupVersion::parse(owner.api_version).group == kind.group) {
                keys.push_back({kind, event.object->meta().ns, owner.name});
              }
            }
            return keys;
          }};
}

// Something of a cluster changed: what the cluster has of the kind.
WatchRule siblings_of(const GroupKind& related, const GroupKind& kind) {
  return {related, [kind](const StoreEvent& event, const WatchCache& cache) {
            Keys keys;
            const std::string& cluster = event.object->meta().label(kClusterNameLabel);
            if (cluster.empty()) return keys;
            const ListOptions options{event.object->meta().ns, {{kClusterNameLabel, cluster}}};
            for (const ObjectPtr& object : cache.list(kind, options).items) {
              keys.push_back(object->key());
            }
            return keys;
          }};
}

// Something that is referred to changed: the objects whose reference names it.
WatchRule referrers_of(const Relation& relation, const GroupKind& kind) {
  return {relation.kind, [relation, kind](const StoreEvent& event, const WatchCache& cache) {
            Keys keys;
            const ObjectKey changed = event.object->key();
            for (const ObjectPtr& object : cache.list(kind, {changed.ns, {}}).items) {
              const ObjectKey named = referenced_key(*object, relation);
              if (named.name == changed.name && named.kind == changed.kind) {
                keys.push_back(object->key());
              }
            }
            return keys;
          }};
}

// Collects rules without watching one kind twice for one reason.
class WatchSet {
 public:
  explicit WatchSet(GroupKind kind) : kind_(std::move(kind)) {
    rules_.push_back({kind_, {}});
    rules_.push_back(of_cluster(kind_));
  }

  void add_machine() {
    if (!std::exchange(machine_, true)) rules_.push_back(of_machine(kind_));
  }
  void add_owned(const GroupKind& owned) {
    if (owned.kind != "*" && owned.group != "*" && owned != kind_ && owned_.insert(owned).second) {
      rules_.push_back(owners_of(owned, kind_));
    }
  }
  void add_relation(const Relation& relation) {
    if (relation.select == Relation::Select::kOwned) return add_owned(relation.kind);
    if (relation.select == Relation::Select::kCluster) {
      if (siblings_.insert(relation.kind).second) {
        rules_.push_back(siblings_of(relation.kind, kind_));
      }
    } else if (!relation.kind.kind.empty()) {
      rules_.push_back(referrers_of(relation, kind_));
    }
  }
  std::vector<WatchRule> take() { return std::move(rules_); }

 private:
  const GroupKind kind_;
  std::vector<WatchRule> rules_;
  std::set<GroupKind> owned_, siblings_;
  bool machine_ = false;
};

}  // namespace

std::vector<WatchRule> provider_watches(const GroupKind& kind,
                                        const std::vector<ProviderRoute>& routes) {
  WatchSet watches(kind);
  for (const ProviderRoute& route : routes) {
    if (route.entry->role == ProviderRole::kInfraMachine ||
        route.entry->role == ProviderRole::kBootstrapConfig) {
      watches.add_machine();
    }
    const Manifest& manifest = route.provider->manifest();
    for (const Json& crd : manifest.kinds) {
      watches.add_owned(
          {get_string(crd, {"spec", "group"}), get_string(crd, {"spec", "names", "kind"})});
    }
    for (const ObjectAccess& access : manifest.needs.objects) {
      if (access.write) watches.add_owned(access.kind);
    }
    for (const Relation& relation : route.entry->relations) watches.add_relation(relation);
  }
  return watches.take();
}

}  // namespace capstan
