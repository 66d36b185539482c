#include "runtime/store/cache_index.h"

#include <algorithm>

namespace capstan {
namespace {

constexpr std::string_view kClusterLabel = "cluster.x-k8s.io/cluster-name";

bool has_labels(const Metadata& meta, const ListOptions& options) {
  return std::all_of(options.labels.begin(), options.labels.end(), [&](const auto& wanted) {
    const auto found = meta.labels.find(wanted.first);
    return found != meta.labels.end() && found->second == wanted.second;
  });
}

// Takes an object out of the set that a map has under a key, and the key with its last object.
template <typename Map, typename Item>
void erase_from(Map& map, const typename Map::key_type& key, const Item& object) {
  const auto found = map.find(key);
  if (found == map.end()) return;
  found->second.erase(object);
  if (found->second.empty()) map.erase(found);
}

}  // namespace

void CacheIndex::replace(const ObjectPtr& before, const ObjectPtr& after) {
  if (before != nullptr) remove(before);
  if (after != nullptr) add(after);
  if (references_of_ != nullptr) replace_references(before, after);
}

void CacheIndex::replace_references(const ObjectPtr& before, const ObjectPtr& after) {
  const bool same_spec = before != nullptr && after != nullptr && after->meta().generation != 0 &&
                         before->meta().generation == after->meta().generation;
  if (same_spec) return;
  if (before != nullptr) {
    for (const ObjectKey& to : references_of_(*before))
      erase_from(by_reference_, to, before->key());
  }
  if (after != nullptr) {
    for (ObjectKey& to : references_of_(*after)) by_reference_[std::move(to)].insert(after->key());
  }
}

void CacheIndex::add(const ObjectPtr& object) {
  KindObjects& kind = kinds_[object->key().kind];
  kind.all.insert(object);
  const std::string& cluster = object->meta().label(kClusterLabel);
  if (!cluster.empty()) kind.by_cluster[cluster].insert(object);
  if (!object->meta().uid.empty()) by_uid_.insert(object);
  for (const OwnerReference& owner : object->meta().owner_references) {
    if (!owner.uid.empty()) by_owner_[owner.uid].insert(object);
  }
}

void CacheIndex::remove(const ObjectPtr& object) {
  const auto kind = kinds_.find(object->key().kind);
  if (kind == kinds_.end()) return;
  kind->second.all.erase(object);
  erase_from(kind->second.by_cluster, object->meta().label(kClusterLabel), object);
  if (kind->second.all.empty()) kinds_.erase(kind);
  const auto same_uid = by_uid_.find(object);
  if (same_uid != by_uid_.end() && *same_uid == object) by_uid_.erase(same_uid);
  for (const OwnerReference& owner : object->meta().owner_references) {
    erase_from(by_owner_, owner.uid, object);
  }
}

ObjectPtr CacheIndex::get(const ObjectKey& key) const {
  const auto kind = kinds_.find(key.kind);
  if (kind == kinds_.end()) return nullptr;
  const auto found = kind->second.all.find(NameView{key.ns, key.name});
  return found == kind->second.all.end() ? nullptr : *found;
}

ObjectPtr CacheIndex::get_by_uid(std::string_view uid) const {
  const auto found = by_uid_.find(uid);
  return found == by_uid_.end() ? nullptr : *found;
}

// The smallest ordered set that holds every match, or null where nothing can match.
const ObjectsByName* CacheIndex::candidates(const KindObjects& objects,
                                            const ListOptions& options) const {
  for (const auto& [label, value] : options.labels) {
    if (label != kClusterLabel || value.empty()) continue;
    const auto found = objects.by_cluster.find(value);
    return found == objects.by_cluster.end() ? nullptr : &found->second;
  }
  return &objects.all;
}

std::vector<ObjectPtr> CacheIndex::list(const GroupKind& kind, const ListOptions& options) const {
  std::vector<ObjectPtr> items;
  const auto found = kinds_.find(kind);
  if (found == kinds_.end()) return items;
  const ObjectsByName* objects = candidates(found->second, options);
  if (objects == nullptr) return items;
  const bool everything = options.ns.empty();
  if (everything && options.labels.empty()) items.reserve(objects->size());
  auto at = everything ? objects->begin() : objects->lower_bound(NameView{options.ns, ""});
  for (; at != objects->end(); ++at) {
    if (!everything && (*at)->meta().ns != options.ns) break;
    if (has_labels((*at)->meta(), options)) items.push_back(*at);
  }
  return items;
}

std::vector<ObjectPtr> CacheIndex::owned_by(const std::string& uid) const {
  const auto found = by_owner_.find(uid);
  if (found == by_owner_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

std::vector<ObjectPtr> CacheIndex::referring_to(const ObjectKey& key) const {
  std::vector<ObjectPtr> objects;
  const auto found = by_reference_.find(key);
  if (found == by_reference_.end()) return objects;
  for (const ObjectKey& from : found->second) objects.push_back(get(from));
  return objects;
}

size_t CacheIndex::count(const GroupKind& kind) const {
  const auto found = kinds_.find(kind);
  return found == kinds_.end() ? 0 : found->second.all.size();
}

void CacheIndex::append_all(std::vector<ObjectPtr>& to) const {
  for (const auto& [kind, objects] : kinds_) {
    to.insert(to.end(), objects.all.begin(), objects.all.end());
  }
}

}  // namespace capstan
