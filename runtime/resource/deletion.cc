// Namespaces and CRDs take their objects with them: the deletion is begun and seen, the objects are
// deleted, and with the last of them (which finalizers may hold for long) the namespace or CRD
// goes.

#include "runtime/resource/builtin_rules.h"
#include "runtime/resource/crd_rules.h"
#include "runtime/resource/resource_errors.h"
#include "runtime/resource/resource_service_impl.h"
#include "runtime/resource/system_metadata.h"

namespace capstan {
namespace {

const GroupKind kNamespace{"", "Namespace"};
const GroupKind kCrd{"apiextensions.k8s.io", "CustomResourceDefinition"};

void remove_finalizer(Json& object, std::string_view name) {
  Json finalizers = object["metadata"].value("finalizers", Json::array());
  finalizers.erase(std::remove(finalizers.begin(), finalizers.end(), Json(name)), finalizers.end());
  if (finalizers.empty()) {
    object["metadata"].erase("finalizers");
  } else {
    object["metadata"]["finalizers"] = std::move(finalizers);
  }
}

}  // namespace

Result<ObjectPtr> ResourceServiceImpl::begin_namespace_deletion(const Target& target,
                                                                const ObjectPtr& live) {
  if (!live->meta().deleting()) {
    Json next = *live->tree();
    set_deletion_metadata(*target.kind, next, options_.clock.now());
    next["metadata"].erase("deletionGracePeriodSeconds");
    next["status"]["phase"] = "Terminating";
    auto written = options_.store.commit(
        {{Write::Op::kUpdate, target.key, TRY(Object::from_json(std::move(next))),
          live->meta().resource_version}});
    if (written.code() == Code::kConflict) return object_modified(*target.kind, target.key.name);
    if (!written.ok()) return std::move(written).error();
    ++deletions_;
  }
  const ObjectPtr last = options_.cache.get(target.key);
  empty_namespace(target.key.name);
  const ObjectPtr now = options_.cache.get(target.key);
  return now != nullptr ? now : last != nullptr ? last : live;
}

// Deletes what is there and not deleting yet. What could not be deleted (another writer was
// quicker, the disk was full) is tried again with the next object that goes.
void ResourceServiceImpl::empty(const KindPtr& kind, const ListOptions& where) {
  for (const ObjectPtr& object : options_.cache.list(kind->id, where).items) {
    if (object->meta().deleting()) continue;
    (void)remove({kind, "", object->meta().ns, object->meta().name}, {}, nullptr);
  }
}

bool ResourceServiceImpl::begin_emptying(const std::string& what) {
  const std::scoped_lock lock(emptying_mutex_);
  return emptying_.insert(what).second;
}

void ResourceServiceImpl::end_emptying(const std::string& what) {
  const std::scoped_lock lock(emptying_mutex_);
  emptying_.erase(what);
}

// Whoever empties it already will look whether it is empty when that is done.
void ResourceServiceImpl::empty_namespace(const std::string& ns) {
  const std::string turn = "namespace " + ns;
  if (!begin_emptying(turn)) return;
  ListOptions in_namespace;
  in_namespace.ns = ns;
  for (const KindPtr& kind : options_.kinds.all()) {
    if (kind->namespaced && kind->stored_as.empty()) empty(kind, in_namespace);
  }
  end_emptying(turn);
  finish_namespace(ns);
}

bool ResourceServiceImpl::namespace_is_empty(const std::string& ns) const {
  ListOptions in_namespace;
  in_namespace.ns = ns;
  for (const KindPtr& kind : options_.kinds.all()) {
    if (!kind->namespaced || !kind->stored_as.empty()) continue;
    if (!options_.cache.list(kind->id, in_namespace).items.empty()) return false;
  }
  return true;
}

void ResourceServiceImpl::finish_namespace(const std::string& ns) {
  const ObjectKey key{kNamespace, "", ns};
  const KindPtr kind = options_.kinds.find(kNamespace);
  while (kind != nullptr) {
    const ObjectPtr live = options_.cache.get(key);
    if (live == nullptr || !live->meta().deleting() || !namespace_is_empty(ns)) return;
    Json next = *live->tree();
    if (Json* spec = next.contains("spec") ? &next["spec"] : nullptr) spec->erase("finalizers");
    if (live->meta().finalizers.empty()) {
      if (erase(*kind, live).code() != Code::kConflict) return;
      continue;
    }
    if (next == *live->tree()) return;
    const auto written =
        options_.store.commit({{Write::Op::kUpdate, key, *Object::from_json(std::move(next)),
                                live->meta().resource_version}});
    if (written.code() != Code::kConflict) return;
  }
}

Result<ObjectPtr> ResourceServiceImpl::begin_crd_deletion(const Target& target,
                                                          const ObjectPtr& live) {
  ObjectPtr crd = live;
  if (!live->meta().deleting()) {
    Json next = *live->tree();
    set_deletion_metadata(*target.kind, next, options_.clock.now());
    Json& finalizers = make(next, {"metadata", "finalizers"});
    if (!finalizers.is_array()) finalizers = Json::array();
    finalizers.push_back(kCrdFinalizer);
    auto written = options_.store.commit(
        {{Write::Op::kUpdate, target.key, TRY(Object::from_json(std::move(next))),
          live->meta().resource_version}});
    if (written.code() == Code::kConflict) return object_modified(*target.kind, target.key.name);
    if (!written.ok()) return std::move(written).error();
    crd = written->front();
    ++deletions_;
  }
  empty_kind(crd);
  const ObjectPtr now = options_.cache.get(target.key);
  return now != nullptr ? now : crd;
}

void ResourceServiceImpl::empty_kind(const ObjectPtr& crd) {
  const std::string turn = "crd " + crd->meta().name;
  if (!begin_emptying(turn)) return;
  const KindPtr kind = options_.kinds.find(crd_group_kind(*crd->tree()));
  if (kind != nullptr && kind->crd_name() == crd->meta().name && !kind->builtin) empty(kind, {});
  end_emptying(turn);
  finish_crd(crd);
}

void ResourceServiceImpl::finish_crd(const ObjectPtr& crd) {
  const ObjectKey key{kCrd, "", crd->meta().name};
  const KindPtr crd_kind = options_.kinds.find(kCrd);
  while (crd_kind != nullptr) {
    const ObjectPtr live = options_.cache.get(key);
    if (live == nullptr || !live->meta().deleting()) return;
    const GroupKind id = crd_group_kind(*live->tree());
    const KindPtr kind = options_.kinds.find(id);
    const bool serves = kind != nullptr && kind->crd_name() == key.name && !kind->builtin;
    if (serves && options_.cache.count(id) > 0) return;
    Json next = *live->tree();
    remove_finalizer(next, kCrdFinalizer);
    if (!next["metadata"].contains("finalizers")) {
      if (erase(*crd_kind, live).code() == Code::kConflict) continue;
      if (serves) options_.kinds.remove(id);
      return;
    }
    if (next == *live->tree()) return;
    const auto written =
        options_.store.commit({{Write::Op::kUpdate, key, *Object::from_json(std::move(next)),
                                live->meta().resource_version}});
    if (written.code() != Code::kConflict) return;
  }
}

// The last object of a namespace or CRD that is being deleted takes it along.
void ResourceServiceImpl::after_erase(const Kind& kind, const ObjectPtr& last) {
  if (is_namespace_kind(kind.id) || is_crd_kind(kind.id)) {
    if (is_crd_kind(kind.id)) {
      const GroupKind id = crd_group_kind(*last->tree());
      const KindPtr served = options_.kinds.find(id);
      if (served != nullptr && !served->builtin && served->crd_name() == last->meta().name) {
        options_.kinds.remove(id);
      }
    }
    --deletions_;
    return;
  }
  if (deletions_.load() <= 0) return;
  const auto deleting = [](const ObjectPtr& outer) {
    return outer != nullptr && outer->meta().deleting();
  };
  const std::string& ns = last->meta().ns;
  if (kind.namespaced && deleting(options_.cache.get({kNamespace, "", ns}))) empty_namespace(ns);
  if (kind.builtin) return;
  const ObjectPtr crd = options_.cache.get({kCrd, "", kind.crd_name()});
  if (deleting(crd)) empty_kind(crd);
}

Result<void> ResourceServiceImpl::resume_deletions() {
  std::vector<ObjectPtr> namespaces;
  std::vector<ObjectPtr> crds;
  for (const ObjectPtr& object : options_.cache.list(kNamespace).items) {
    if (object->meta().deleting()) namespaces.push_back(object);
  }
  for (const ObjectPtr& object : options_.cache.list(kCrd).items) {
    if (object->meta().deleting()) crds.push_back(object);
  }
  deletions_ += static_cast<int>(namespaces.size() + crds.size());
  for (const ObjectPtr& object : namespaces) empty_namespace(object->meta().name);
  for (const ObjectPtr& object : crds) empty_kind(object);
  return {};
}

}  // namespace capstan
