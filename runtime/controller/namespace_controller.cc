#include "runtime/controller/namespace_controller.h"

namespace capstan {
namespace {

const GroupKind kNamespace{"", "Namespace"};
constexpr size_t kMaxDeletions = 500;  // per round; what is deleted wakes the next

// The Namespace itself, and the one that lost an object while it is being deleted.
std::vector<ObjectKey> wake(const StoreEvent& event, const WatchCache& objects) {
  const Metadata& meta = event.object->meta();
  if (event.object->kind() == kNamespace.kind && event.object->api_version() == "v1") {
    return meta.deleting() ? std::vector<ObjectKey>{event.object->key()} : std::vector<ObjectKey>{};
  }
  if (event.type != EventType::kDeleted || meta.ns.empty()) return {};
  const ObjectKey key{kNamespace, "", meta.ns};
  const ObjectPtr ns = objects.get(key);
  if (ns == nullptr || !ns->meta().deleting()) return {};
  return {key};
}

}  // namespace

Result<Outcome> NamespaceReconciler::reconcile(const ObjectKey& key,
                                               const ReconcileContext& context) {
  Outcome outcome;
  const ObjectPtr ns = context.objects.get(key);
  if (ns == nullptr || !ns->meta().deleting()) return outcome;
  const JsonPtr tree = ns->tree();
  Change change{.op = Change::Op::kPatchStatus, .key = key, .uid = ns->meta().uid};
  change.expected = ns->meta().resource_version;
  if (get_string(*tree, {"status", "phase"}) != "Terminating") {
    change.body = {{"status", {{"phase", "Terminating"}}}};
    outcome.changes.push_back(change);
  }
  size_t left = 0;
  size_t deletions = 0;
  for (const KindPtr& kind : kinds_.all()) {
    if (!kind->namespaced) continue;
    for (const ObjectPtr& object : context.objects.list(kind->id, {key.name, {}}).items) {
      ++left;
      if (object->meta().deleting() || deletions == kMaxDeletions) continue;
      ++deletions;
      outcome.changes.push_back(
          {.op = Change::Op::kDelete, .key = object->key(), .uid = object->meta().uid});
    }
  }
  const Json* finalizers = find(*tree, {"spec", "finalizers"});
  if (left > 0 || finalizers == nullptr || finalizers->empty()) return outcome;
  change.op = Change::Op::kPatch;
  change.body = {{"spec", {{"finalizers", Json::array()}}}};
  outcome.changes.push_back(std::move(change));
  return outcome;
}

ControllerOptions namespace_controller(const KindRegistry& kinds) {
  return {.reconciler = std::make_shared<NamespaceReconciler>(kinds),
          .watches = {{kAnyKind, wake}},
          .concurrency = 2};
}

}  // namespace capstan
