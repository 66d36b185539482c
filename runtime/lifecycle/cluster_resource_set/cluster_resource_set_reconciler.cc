#include "runtime/lifecycle/cluster_resource_set/cluster_resource_set_reconciler.h"

#include "runtime/lifecycle/cluster_resource_set/binding.h"
#include "runtime/lifecycle/common/draft.h"
#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/common/owner_references.h"
#include "runtime/lifecycle/common/pause.h"
#include "runtime/lifecycle/common/rollup.h"
#include "runtime/lifecycle/common/wake.h"

namespace capstan::lifecycle {
namespace {

struct Progress {
  bool mentioned = false;
  std::vector<std::string> missing;  // "ConfigMap cni to cluster a"
};

Progress progress_of(const Object& set, const WatchCache& objects) {
  Progress progress;
  for (const ObjectPtr& object :
       objects.list(kClusterResourceSetBinding, {set.meta().ns, {}}).items) {
    const Binding binding = Binding::from_object(object.get());
    const auto found = binding.sets.find(set.meta().name);
    if (found == binding.sets.end()) continue;
    progress.mentioned = true;
    for (const AppliedResource& resource : found->second) {
      if (resource.applied) continue;
      progress.missing.push_back(resource.kind + " " + resource.name + " to cluster " +
                                 object->meta().name);
    }
  }
  return progress;
}

void own_resources(const Draft& set, const WatchCache& objects, Outcome& outcome) {
  const Json* resources = find(set.tree(), {"spec", "resources"});
  if (resources == nullptr || !resources->is_array()) return;
  for (const Json& ref : *resources) {
    ObjectPtr resource =
        objects.get({{"", get_string(ref, {"kind"})}, set.meta().ns, get_string(ref, {"name"})});
    if (resource == nullptr) continue;
    Draft draft(std::move(resource));
    draft.ensure_owner(owner_reference(set.object(), false));
    draft.finish(outcome);
  }
}

Condition resources_applied(const Progress& progress) {
  if (progress.missing.empty()) return condition("ResourcesApplied", kTrue, "Applied");
  std::string message = "Not applied:";
  for (size_t i = 0; i < progress.missing.size() && i < 5; ++i) {
    message += "\n* " + progress.missing[i];
  }
  return condition("ResourcesApplied", kFalse, "NotApplied", std::move(message));
}

Keys sets_of_binding(const StoreEvent& event, const WatchCache&) {
  Keys keys;
  for (const ObjectPtr& object : {event.object, event.previous}) {
    if (object == nullptr) continue;
    for (const auto& [name, resources] : Binding::from_object(object.get()).sets) {
      keys.push_back({kClusterResourceSet, object->meta().ns, name});
    }
  }
  return keys;
}

Keys sets_of_resource(const StoreEvent& event, const WatchCache& objects) {
  Keys keys;
  const Metadata& meta = event.object->meta();
  if (event.type != EventType::kAdded) return keys;
  for (const ObjectPtr& set : objects.list(kClusterResourceSet, {meta.ns, {}}).items) {
    keys.push_back(set->key());
  }
  return keys;
}

}  // namespace

Result<Outcome> ClusterResourceSetReconciler::reconcile(const ObjectKey& key,
                                                        const ReconcileContext& context) {
  Outcome outcome;
  ObjectPtr object = context.objects.get(key);
  if (object == nullptr) return outcome;
  Draft draft(std::move(object));
  const Instant now = context.clock.now();
  const Progress progress = progress_of(draft.object(), context.objects);
  if (draft.meta().deleting()) {
    // The binder takes it out of the bindings; what has been applied stays.
    if (!progress.mentioned) draft.remove_finalizer(kResourceSetFinalizer);
  } else if (!set_paused_condition(draft, nullptr, now)) {
    draft.add_finalizer(kResourceSetFinalizer);
    own_resources(draft, context.objects, outcome);
    set_condition(draft.view(), resources_applied(progress), now);
    draft.status()["observedGeneration"] = draft.meta().generation;
  }
  draft.finish(outcome);
  return outcome;
}

std::vector<WatchRule> cluster_resource_set_watches() {
  return {{kClusterResourceSet, {}},
          {kClusterResourceSetBinding, sets_of_binding},
          {kConfigMap, sets_of_resource},
          {kSecret, sets_of_resource}};
}

}  // namespace capstan::lifecycle
