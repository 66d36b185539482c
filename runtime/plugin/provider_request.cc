#include "runtime/plugin/provider_request.h"

#include <algorithm>

#include "runtime/object/object_text.h"

namespace capstan {
namespace {

ObjectPtr owner_object(const Object& object, const OwnerReference& owner, const WatchCache& cache) {
  const GroupKind kind{GroupVersion::parse(owner.api_version).group, owner.kind};
  ObjectPtr found = cache.get({kind, object.meta().ns, owner.name});
  if (found == nullptr) found = cache.get({kind, "", owner.name});
  const bool other = found != nullptr && !owner.uid.empty() && found->meta().uid != owner.uid;
  return other ? nullptr : found;
}

// The Secret with the bootstrap data of an infrastructure machine that is not provisioned yet.
ObjectPtr bootstrap_secret(const Object& object, const ReconcileEntry& entry,
                           const ObjectPtr& owner, const WatchCache& cache) {
  if (entry.role != ProviderRole::kInfraMachine || owner == nullptr ||
      owner->key().kind != kMachineKind || object.meta().deleting()) {
    return nullptr;
  }
  const JsonPtr tree = object.tree();
  if (get_bool(*tree, {"status", "initialization", "provisioned"}) ||
      get_bool(*tree, {"status", "ready"})) {
    return nullptr;
  }
  const std::string name = get_string(*owner->tree(), {"spec", "bootstrap", "dataSecretName"});
  return name.empty() ? nullptr : cache.get({{"", "Secret"}, owner->meta().ns, name});
}

void append(std::string& out, const char* name, const ObjectPtr& object) {
  if (object == nullptr) return;
  out.append(",\"").append(name).append("\":");
  append_without_managed_fields(out, object->text());
}

void append_relations(std::string& out, const Object& object, const ReconcileEntry& entry,
                      const WatchCache& cache) {
  if (entry.relations.empty()) return;
  out += ",\"relations\":{";
  for (size_t i = 0; i < entry.relations.size(); ++i) {
    if (i > 0) out += ',';
    out += dump_json(entry.relations[i].name);
    out += ":[";
    bool first = true;
    for (const ObjectPtr& related : related_objects(object, entry.relations[i], cache)) {
      if (!first) out += ',';
      first = false;
      append_without_managed_fields(out, related->text());
    }
    out += ']';
  }
  out += '}';
}

}  // namespace

std::string provider_request(const Object& object, const ReconcileEntry& entry,
                             const WatchCache& cache, Instant now) {
  const ObjectPtr owner = owner_of(object, cache);
  const ObjectPtr cluster = cluster_of(object, cache);
  std::string out;
  out.reserve(object.text().size() + (owner ? owner->text().size() : 0) +
              (cluster ? cluster->text().size() : 0) + 256);
  out.append("{\"object\":");
  append_without_managed_fields(out, object.text());
  append(out, "cluster", cluster);
  append(out, "owner", owner);
  append(out, "bootstrapSecret", bootstrap_secret(object, entry, owner, cache));
  append_relations(out, object, entry, cache);
  out.append(",\"now\":\"").append(format_time(now)).append("\"}");
  return out;
}

ObjectPtr owner_of(const Object& object, const WatchCache& cache) {
  const OwnerReference* controller = object.meta().controller();
  if (controller != nullptr) return owner_object(object, *controller, cache);
  const auto& owners = object.meta().owner_references;
  return owners.empty() ? nullptr : owner_object(object, owners.front(), cache);
}

ObjectPtr cluster_of(const Object& object, const WatchCache& cache) {
  const std::string& name = object.meta().label(kClusterNameLabel);
  if (!name.empty()) return cache.get({kClusterKind, object.meta().ns, name});
  for (const OwnerReference& owner : object.meta().owner_references) {
    if (owner.kind == kClusterKind.kind &&
        GroupVersion::parse(owner.api_version).group == kClusterKind.group) {
      return owner_object(object, owner, cache);
    }
  }
  return nullptr;
}

ObjectKey referenced_key(const Object& object, const Relation& relation) {
  const JsonPtr tree = object.tree();
  const Json* reference = tree.get();
  for (const std::string& step : relation.path) {
    if (!reference->is_object()) return {};
    const auto member = reference->find(step);
    if (member == reference->end()) return {};
    reference = &*member;
  }
  ObjectKey key{relation.kind, object.meta().ns, ""};
  if (reference->is_string()) {
    key.name = reference->get<std::string>();
    return key;
  }
  key.name = get_string(*reference, {"name"});
  key.ns = get_string(*reference, {"namespace"}, key.ns);
  if (key.kind.kind.empty()) {
    key.kind.kind = get_string(*reference, {"kind"});
    key.kind.group = get_string(*reference, {"apiGroup"},
                                GroupVersion::parse(get_string(*reference, {"apiVersion"})).group);
  }
  return key;
}

std::vector<ObjectPtr> related_objects(const Object& object, const Relation& relation,
                                       const WatchCache& cache) {
  std::vector<ObjectPtr> out;
  if (relation.select == Relation::Select::kOwned) {
    out = cache.owned_by(object.meta().uid);
    std::erase_if(out, [&](const ObjectPtr& o) { return o->key().kind != relation.kind; });
    std::sort(out.begin(), out.end(),
              [](const ObjectPtr& a, const ObjectPtr& b) { return a->key() < b->key(); });
  } else if (relation.select == Relation::Select::kCluster) {
    const ObjectPtr cluster = cluster_of(object, cache);
    const std::string name =
        cluster != nullptr ? cluster->meta().name : object.meta().label(kClusterNameLabel);
    if (name.empty()) return out;
    out = cache.list(relation.kind, {object.meta().ns, {{kClusterNameLabel, name}}}).items;
  } else {
    const ObjectKey key = referenced_key(object, relation);
    ObjectPtr found = key.name.empty() ? nullptr : cache.get(key);
    if (found == nullptr && !key.name.empty()) found = cache.get({key.kind, "", key.name});
    if (found != nullptr) out.push_back(std::move(found));
  }
  return out;
}

}  // namespace capstan
