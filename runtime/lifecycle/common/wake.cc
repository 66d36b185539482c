#include "runtime/lifecycle/common/wake.h"

#include "runtime/lifecycle/common/contract.h"
#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/common/owner_references.h"
#include "runtime/object/object_tree.h"

namespace capstan::lifecycle {
namespace {

constexpr std::string_view kKubeconfigSuffix = "-kubeconfig";

std::string cluster_of_kubeconfig(const StoreEvent& event) {
  const std::string& name = event.object->meta().name;
  if (!name.ends_with(kKubeconfigSuffix)) return "";
  return name.substr(0, name.size() - kKubeconfigSuffix.size());
}

Keys that_refer(const GroupKind& kind, const StoreEvent& event, const WatchCache& objects) {
  Keys keys;
  const Metadata& meta = event.object->meta();
  for (const OwnerReference& owner : meta.owner_references) {
    if (owner.kind == kind.kind && GroupVersion::parse(owner.api_version).group == kind.group) {
      keys.push_back({kind, meta.ns, owner.name});
    }
  }
  if (event.type != EventType::kAdded || !meta.owner_references.empty()) return keys;
  for (ObjectKey& key : wake_referring(kind, event, objects)) keys.push_back(std::move(key));
  return keys;
}

}  // namespace

Keys wake_referring(const GroupKind& kind, const StoreEvent& event, const WatchCache& objects) {
  Keys keys;
  for (const ObjectPtr& object : objects.referring_to(event.object->key())) {
    ObjectKey key = object->key();
    if (key.kind == kind) keys.push_back(std::move(key));
  }
  return keys;
}

Keys wake_cluster_of_label(const StoreEvent& event, const WatchCache&) {
  const std::string& name = event.object->meta().label(kClusterNameLabel);
  if (name.empty()) return {};
  return {{kCluster, event.object->meta().ns, name}};
}

Keys wake_cluster_of_kubeconfig(const StoreEvent& event, const WatchCache&) {
  const std::string name = cluster_of_kubeconfig(event);
  if (name.empty()) return {};
  return {{kCluster, event.object->meta().ns, name}};
}

Keys wake_machines_of_kubeconfig(const StoreEvent& event, const WatchCache& objects) {
  const std::string name = cluster_of_kubeconfig(event);
  if (name.empty()) return {};
  return keys_of_cluster(kMachine, event.object->meta().ns, name, objects);
}

Keys wake_cluster_of_authority(const StoreEvent& event, const WatchCache&) {
  constexpr std::string_view kSuffix = "-ca";
  const Metadata& meta = event.object->meta();
  if (event.type != EventType::kAdded || !meta.name.ends_with(kSuffix)) return {};
  return {{kCluster, meta.ns, meta.name.substr(0, meta.name.size() - kSuffix.size())}};
}

Keys wake_clusters_that_refer(const StoreEvent& event, const WatchCache& objects) {
  return that_refer(kCluster, event, objects);
}

Keys wake_machines_that_refer(const StoreEvent& event, const WatchCache& objects) {
  return that_refer(kMachine, event, objects);
}

bool wake_matters(const StoreEvent& event) {
  if (event.previous == nullptr || event.type != EventType::kModified) return true;
  if (event.previous->meta().deleting() != event.object->meta().deleting()) return true;
  const JsonPtr before = event.previous->tree();
  const JsonPtr after = event.object->tree();
  const auto differs = [&](std::initializer_list<std::string_view> path) {
    return get_bool(*before, path) != get_bool(*after, path);
  };
  return differs({"spec", "paused"}) ||
         differs({"status", "initialization", "infrastructureProvisioned"}) ||
         differs({"status", "initialization", "controlPlaneInitialized"});
}

Keys wake_of_cluster(const GroupKind& kind, const StoreEvent& event, const WatchCache& objects) {
  if (!wake_matters(event)) return {};
  return keys_of_cluster(kind, event.object->meta().ns, event.object->meta().name, objects);
}

Keys wake_of_control_plane(const GroupKind& kind, const StoreEvent& event,
                           const WatchCache& objects) {
  const Metadata& meta = event.object->meta();
  const OwnerReference* owner = find_owner(meta, kCluster);
  if (owner == nullptr) return {};
  const ObjectPtr cluster = objects.get({kCluster, meta.ns, owner->name});
  if (cluster == nullptr) return {};
  const JsonPtr tree = cluster->tree();
  const Json* ref = find(*tree, {"spec", "controlPlaneRef"});
  if (!is_reference(ref) || reference_key(*ref, meta.ns) != event.object->key()) return {};
  if (event.previous != nullptr) {
    const JsonPtr before = event.previous->tree();
    const JsonPtr after = event.object->tree();
    const bool same_versions = same_at(*before, *after, {"spec", "version"}) &&
                               same_at(*before, *after, {"status", "version"}) &&
                               same_at(*before, *after, {"status", "versions"});
    if (same_versions) return {};
  }
  return keys_of_cluster(kind, meta.ns, owner->name, objects);
}

Keys wake_controller(const GroupKind& kind, const StoreEvent& event) {
  Keys keys;
  for (const ObjectPtr& object : {event.object, event.previous}) {
    const OwnerReference* owner = object != nullptr ? object->meta().controller() : nullptr;
    if (owner == nullptr || owner->kind != kind.kind ||
        GroupVersion::parse(owner->api_version).group != kind.group) {
      continue;
    }
    ObjectKey key{kind, object->meta().ns, owner->name};
    if (keys.empty() || keys.front() != key) keys.push_back(std::move(key));
  }
  return keys;
}

Keys keys_of_cluster(const GroupKind& kind, const std::string& ns, const std::string& cluster,
                     const WatchCache& objects) {
  Keys keys;
  for (const ObjectPtr& object : objects.list(kind, {ns, {{kClusterNameLabel, cluster}}}).items) {
    keys.push_back(object->key());
  }
  return keys;
}

}  // namespace capstan::lifecycle
