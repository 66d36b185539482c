#include "runtime/controller/garbage_collector.h"

#include <algorithm>

namespace capstan {
namespace {

constexpr char kForeground[] = "foregroundDeletion";
constexpr char kOrphan[] = "orphan";

Change delete_change(const Object& object, const std::string& propagation = "") {
  Change change{.op = Change::Op::kDelete, .key = object.key(), .uid = object.meta().uid};
  change.expected = object.meta().resource_version;
  change.propagation = propagation;
  return change;
}

Change metadata_patch(const Object& object, const char* field, Json value) {
  Change change{.op = Change::Op::kPatch, .key = object.key(), .uid = object.meta().uid};
  change.expected = object.meta().resource_version;
  change.body = {{"metadata", {{field, std::move(value)}}}};
  return change;
}

// The object's ownerReferences as they stand, without those that `drop` picks.
Json without_owners(const Object& object, const std::function<bool(const std::string& uid)>& drop) {
  Json kept = Json::array();
  const JsonPtr tree = object.tree();
  const Json* owners = find(*tree, {"metadata", "ownerReferences"});
  if (owners == nullptr || !owners->is_array()) return kept;
  for (const Json& owner : *owners) {
    if (!drop(get_string(owner, {"uid"}))) kept.push_back(owner);
  }
  return kept;
}

Change without_finalizer(const Object& object, const std::string& name) {
  std::vector<std::string> left = object.meta().finalizers;
  std::erase(left, name);
  return metadata_patch(object, "finalizers", left);
}

bool blocks(const Object& dependent, const std::string& uid) {
  const auto& owners = dependent.meta().owner_references;
  return std::any_of(owners.begin(), owners.end(), [&](const OwnerReference& owner) {
    return owner.uid == uid && owner.block_owner_deletion;
  });
}

bool deleting_dependents(const Object& object) {
  return object.meta().deleting() && object.meta().has_finalizer(kForeground);
}

// Whether the object, as it is now, may need something.
bool concerns(const Object& object) {
  if (object.meta().deleting()) {
    return object.meta().has_finalizer(kForeground) || object.meta().has_finalizer(kOrphan);
  }
  return !object.meta().owner_references.empty();
}

std::vector<ObjectKey> wake(const StoreEvent& event, const WatchCache& objects) {
  std::vector<ObjectKey> keys;
  const Object& object = *event.object;
  const bool deleted = event.type == EventType::kDeleted;
  // Finalizers are part of it: how the dependents shall go may be said when the deletion has begun.
  const bool same_metadata =
      event.previous != nullptr && !deleted &&
      event.previous->meta().deleting() == object.meta().deleting() &&
      event.previous->meta().owner_references == object.meta().owner_references &&
      event.previous->meta().finalizers == object.meta().finalizers;
  if (same_metadata) return keys;
  if (!deleted && concerns(object)) keys.push_back(object.key());
  // Its dependents may have lost their last owner, or have one that waits for them.
  if (deleted || deleting_dependents(object)) {
    for (const ObjectPtr& dependent : objects.owned_by(object.meta().uid)) {
      keys.push_back(dependent->key());
    }
  }
  // Owners that wait for this one in the foreground.
  if (!deleted) return keys;
  for (const OwnerReference& reference : object.meta().owner_references) {
    const ObjectPtr owner = objects.get_by_uid(reference.uid);
    if (owner != nullptr && deleting_dependents(*owner)) keys.push_back(owner->key());
  }
  return keys;
}

}  // namespace

GarbageCollector::OwnerState GarbageCollector::state_of(const OwnerReference& owner,
                                                        const Object& dependent,
                                                        const WatchCache& objects) const {
  const GroupKind id{GroupVersion::parse(owner.api_version).group, owner.kind};
  const KindPtr kind = kinds_.find(id);
  if (kind == nullptr) return OwnerState::kUnknown;
  const std::string& ns = dependent.meta().ns;
  // Nothing can be said of a namespaced owner of a cluster-scoped object.
  if (kind->namespaced && ns.empty()) return OwnerState::kUnknown;
  const ObjectPtr found = objects.get({id, kind->namespaced ? ns : std::string(), owner.name});
  if (found == nullptr || found->meta().uid != owner.uid) return OwnerState::kAbsent;
  if (deleting_dependents(*found)) return OwnerState::kWaiting;
  return OwnerState::kPresent;
}

Result<Outcome> GarbageCollector::reconcile(const ObjectKey& key, const ReconcileContext& context) {
  Outcome outcome;
  const ObjectPtr object = context.objects.get(key);
  if (object == nullptr) return outcome;
  if (!object->meta().deleting()) {
    collect(*object, context.objects, outcome);
  } else if (object->meta().has_finalizer(kOrphan)) {
    orphan_dependents(*object, context.objects, outcome);
  } else if (object->meta().has_finalizer(kForeground)) {
    delete_dependents(*object, context.objects, outcome);
  }
  return outcome;
}

void GarbageCollector::collect(const Object& object, const WatchCache& objects,
                               Outcome& outcome) const {
  const auto& owners = object.meta().owner_references;
  if (owners.empty()) return;
  bool kept = false;
  bool waited_for = false;
  std::vector<std::string> lost;
  for (const OwnerReference& owner : owners) {
    const OwnerState state = state_of(owner, object, objects);
    kept |= state == OwnerState::kPresent || state == OwnerState::kUnknown;
    waited_for |= state == OwnerState::kWaiting;
    if (state == OwnerState::kAbsent || state == OwnerState::kWaiting) lost.push_back(owner.uid);
  }
  if (lost.empty()) return;
  if (kept) {
    Json left = without_owners(object, [&](const std::string& uid) {
      return std::find(lost.begin(), lost.end(), uid) != lost.end();
    });
    outcome.changes.push_back(metadata_patch(object, "ownerReferences", std::move(left)));
    return;
  }
  const bool has_dependents = !objects.owned_by(object.meta().uid).empty();
  std::string propagation;
  if (object.meta().has_finalizer(kOrphan)) propagation = "Orphan";
  if (object.meta().has_finalizer(kForeground) || (waited_for && has_dependents)) {
    propagation = "Foreground";
  }
  outcome.changes.push_back(delete_change(object, propagation));
}

void GarbageCollector::delete_dependents(const Object& owner, const WatchCache& objects,
                                         Outcome& outcome) const {
  bool blocked = false;
  for (const ObjectPtr& dependent : objects.owned_by(owner.meta().uid)) {
    if (!blocks(*dependent, owner.meta().uid)) continue;
    // Two objects that own each other would wait for ever.
    if (deleting_dependents(*dependent) && blocks(owner, dependent->meta().uid)) continue;
    blocked = true;
  }
  // Dependents themselves are collected one by one; they were woken with the owner.
  if (!blocked) outcome.changes.push_back(without_finalizer(owner, kForeground));
}

void GarbageCollector::orphan_dependents(const Object& owner, const WatchCache& objects,
                                         Outcome& outcome) const {
  for (const ObjectPtr& dependent : objects.owned_by(owner.meta().uid)) {
    Json left =
        without_owners(*dependent, [&](const std::string& uid) { return uid == owner.meta().uid; });
    outcome.changes.push_back(metadata_patch(*dependent, "ownerReferences", std::move(left)));
  }
  outcome.changes.push_back(without_finalizer(owner, kOrphan));
}

ControllerOptions garbage_collector(const KindRegistry& kinds) {
  return {.reconciler = std::make_shared<GarbageCollector>(kinds),
          .watches = {{kAnyKind, wake}},
          .concurrency = 4};
}

}  // namespace capstan
