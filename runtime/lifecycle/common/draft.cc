#include "runtime/lifecycle/common/draft.h"

#include <algorithm>

#include "runtime/lifecycle/common/owner_references.h"

namespace capstan::lifecycle {

Draft::Draft(ObjectPtr object) : object_(std::move(object)), tree_(object_->tree()) {}

void Draft::set(std::initializer_list<std::string_view> path, const Json& value) {
  set_at({path}, value);
}

void Draft::set_at(const std::vector<std::string_view>& path, const Json& value) {
  const Json* present = tree_.get();
  for (size_t i = 0; i < path.size() && present != nullptr; ++i) {
    present = capstan::find(*present, {path[i]});
  }
  if (present != nullptr ? *present == value : value.is_null()) return;
  Json* place = &patch_;
  for (const std::string_view step : path) place = &(*place)[std::string(step)];
  *place = value;
}

void Draft::set_label(const std::string& key, const std::string& value) {
  set({"metadata", "labels", key}, value);
}

void Draft::set_annotation(const std::string& key, const std::string& value) {
  set({"metadata", "annotations", key}, value);
}

void Draft::remove_annotation(const std::string& key) {
  set({"metadata", "annotations", key}, nullptr);
}

std::vector<std::string>& Draft::finalizers() {
  if (!finalizers_) finalizers_ = meta().finalizers;
  return *finalizers_;
}

std::vector<OwnerReference>& Draft::owners() {
  if (!owners_) owners_ = meta().owner_references;
  return *owners_;
}

void Draft::add_finalizer(const std::string& name) {
  if (meta().has_finalizer(name) || meta().deleting()) return;
  finalizers().push_back(name);
  patch_["metadata"]["finalizers"] = finalizers();
}

void Draft::remove_finalizer(const std::string& name) {
  if (std::erase(finalizers(), name) == 0) return;
  patch_["metadata"]["finalizers"] = finalizers();
}

void Draft::ensure_owner(const OwnerReference& owner) {
  if (lifecycle::ensure_owner(owners(), owner)) {
    patch_["metadata"]["ownerReferences"] = owners_json(owners());
  }
}

void Draft::drop_owners(const GroupKind& kind) {
  if (lifecycle::drop_owners(owners(), kind)) {
    patch_["metadata"]["ownerReferences"] = owners_json(owners());
  }
}

Json& Draft::view() {
  if (!view_.is_null()) return view_;
  view_ = {{"metadata",
            {{"name", meta().name}, {"namespace", meta().ns}, {"generation", meta().generation}}}};
  const Json* status = find(*tree_, {"status"});
  view_["status"] = status != nullptr && status->is_object() ? *status : Json::object();
  return view_;
}

void Draft::finish(Outcome& outcome, const std::string& manager) {
  Change change;
  change.key = object_->key();
  change.expected = meta().resource_version;
  change.uid = meta().uid;
  change.manager = manager;
  const bool going = meta().deleting() && finalizers_ && finalizers_->empty();
  if (!patch_.empty()) {
    change.op = Change::Op::kPatch;
    change.body = std::move(patch_);
    outcome.changes.insert(outcome.changes.begin(), change);
  }
  if (view_.is_null() || going) return;
  const Json* status = find(*tree_, {"status"});
  Json difference = merge_diff(status != nullptr ? *status : Json::object(), view_["status"]);
  if (difference.empty()) return;
  change.op = Change::Op::kPatchStatus;
  change.body = {{"status", std::move(difference)}};
  outcome.changes.push_back(std::move(change));
}

void requeue_within(std::optional<Duration>& requeue, Duration delay) {
  if (!requeue || delay < *requeue) requeue = delay;
}

}  // namespace capstan::lifecycle
