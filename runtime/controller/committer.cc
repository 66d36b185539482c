#include "runtime/controller/committer.h"

#include <algorithm>

#include "runtime/object/conditions.h"

namespace capstan {
namespace {

// The uid of the owner that shall be the object's controller; "" where there is none.
std::string controller_of(const Json& object) {
  const Json* owners = find(object, {"metadata", "ownerReferences"});
  if (owners == nullptr || !owners->is_array()) return "";
  for (const Json& owner : *owners) {
    if (get_bool(owner, {"controller"})) return get_string(owner, {"uid"});
  }
  return "";
}

}  // namespace

Result<void> Committer::commit(std::vector<Change> changes, const std::string& manager) {
  std::vector<Written> written;
  for (size_t i = 0; i < changes.size(); ++i) {
    Change& change = changes[i];
    const Revision snapshot = change.expected;
    const auto own = std::find_if(written.begin(), written.end(), [&](const Written& w) {
      return w.snapshot == change.expected && w.key == change.key;
    });
    if (change.expected != 0 && own != written.end()) change.expected = own->now;
    std::optional<Result<ObjectPtr>> both;
    if (i + 1 < changes.size() && change.expected == snapshot) {
      both = apply_both(change, changes[i + 1], manager);
    }
    if (both.has_value()) ++i;
    auto result = both.has_value() ? *std::move(both) : apply(change, manager);
    if (!result.ok()) return std::move(result).error();
    if (snapshot == 0 || *result == nullptr) continue;
    if (own != written.end()) {
      own->now = (*result)->meta().resource_version;
    } else {
      written.push_back({change.key, snapshot, (*result)->meta().resource_version});
    }
  }
  return {};
}

// Where the two cannot be committed together, say because the status breaks its schema, the first
// is still wanted: it may be the finalizer of what was made already.
std::optional<Result<ObjectPtr>> Committer::apply_both(Change& change, Change& status,
                                                       const std::string& manager) {
  if (change.op != Change::Op::kPatch || status.op != Change::Op::kPatchStatus ||
      change.key != status.key || change.expected != status.expected || change.expected == 0 ||
      change.uid != status.uid || change.manager != status.manager) {
    return std::nullopt;
  }
  const KindPtr kind = resources_.kinds().find(change.key.kind);
  if (kind == nullptr || is_other(change)) return std::nullopt;
  change.body["metadata"]["resourceVersion"] = std::to_string(change.expected);
  WriteOptions options;
  options.manager = change.manager.empty() ? manager : change.manager;
  auto result = resources_.patch_with_status({kind, "", change.key.ns, change.key.name},
                                             change.body, status.body, options);
  if (!result.ok() && result.code() != Code::kConflict) return std::nullopt;
  return result;
}

bool Committer::is_other(const Change& change) const {
  if (change.uid.empty()) return false;
  const ObjectPtr current = resources_.cache().get(change.key);
  return current != nullptr && current->meta().uid != change.uid;
}

Result<ObjectPtr> Committer::apply(Change& change, const std::string& manager) {
  const KindPtr kind = resources_.kinds().find(change.key.kind);
  if (kind == nullptr) {
    return Error::not_found("kind " + change.key.kind.text() +
                            " is not installed; enable the provider that brings it");
  }
  const ResourceRef ref{kind, "", change.key.ns, change.key.name};
  WriteOptions options;
  options.manager = change.manager.empty() ? manager : change.manager;
  options.force = true;
  switch (change.op) {
    case Change::Op::kCreate:
      return create(ref, change, options);
    case Change::Op::kApply:
      return resources_.patch(ref, PatchType::kApply, change.body, options);
    case Change::Op::kPatchStatus:
      options.subresource = "status";
      return patch(ref, change, options);
    case Change::Op::kPatch:
      return patch(ref, change, options);
    case Change::Op::kConditions:
      options.subresource = "status";
      return merge_conditions(ref, change, options);
    case Change::Op::kDelete:
      return remove(ref, change);
  }
  return Error::internal("unknown change of " + change.key.text());
}

Result<ObjectPtr> Committer::create(const ResourceRef& ref, Change& change,
                                    const WriteOptions& options) {
  auto created = resources_.create(ref, change.body, options);
  if (created.code() != Code::kAlreadyExists) return created;
  const std::string controller = controller_of(change.body);
  const ObjectPtr found = resources_.cache().get(change.key);
  if (controller.empty() || found == nullptr) return ObjectPtr();
  const OwnerReference* current = found->meta().controller();
  if (current == nullptr || current->uid != controller) {
    return Error::already_exists(
        change.key.text() + " exists already and " +
        (current == nullptr ? "has no controller"
                            : "is controlled by " + current->kind + " \"" + current->name +
                                  "\", uid " + current->uid) +
        "; it is not taken over: delete it, or give its owner another name");
  }
  // Made by a try that got no further. What has a spec has a controller that may have gone on with
  // it since; data is brought up to date.
  Json patch = Json::object();
  for (const char* member : {"data", "stringData", "binaryData"}) {
    if (const Json* given = find(change.body, {member})) patch[member] = *given;
  }
  if (patch.empty()) return ObjectPtr();
  return resources_.patch(ref, PatchType::kMerge, patch, options);
}

Result<ObjectPtr> Committer::patch(const ResourceRef& ref, Change& change,
                                   const WriteOptions& options) {
  if (is_other(change)) {
    return Error::conflict(change.key.text() + " is another object than the one that was read");
  }
  if (change.expected != 0) {
    change.body["metadata"]["resourceVersion"] = std::to_string(change.expected);
  }
  return resources_.patch(ref, PatchType::kMerge, change.body, options);
}

// Somebody else writes the object's other conditions, so the list is read and written as one step,
// again where it changed in between.
Result<ObjectPtr> Committer::merge_conditions(const ResourceRef& ref, const Change& change,
                                              const WriteOptions& options) {
  constexpr int kAttempts = 5;
  Result<ObjectPtr> result = ObjectPtr();
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const ObjectPtr current = resources_.cache().get(change.key);
    const bool gone =
        current == nullptr || (!change.uid.empty() && current->meta().uid != change.uid);
    if (gone) return ObjectPtr();
    Json object = *current->tree();
    bool changed = false;
    for (const Json& item : change.body) {
      Condition condition;
      condition.type = get_string(item, {"type"});
      condition.status = get_string(item, {"status"});
      condition.reason = get_string(item, {"reason"});
      condition.message = get_string(item, {"message"});
      condition.observed_generation = current->meta().generation;
      changed = set_condition(object, std::move(condition), resources_.clock().now()) || changed;
    }
    if (!changed) return current;
    const Json patch = {
        {"metadata", {{"resourceVersion", std::to_string(current->meta().resource_version)}}},
        {"status", {{"conditions", object["status"]["conditions"]}}}};
    result = resources_.patch(ref, PatchType::kMerge, patch, options);
    if (result.code() != Code::kConflict) break;
  }
  if (result.code() == Code::kNotFound) return ObjectPtr();
  return result;
}

Result<ObjectPtr> Committer::remove(const ResourceRef& ref, const Change& change) {
  DeleteOptions options;
  options.uid = change.uid;
  options.resource_version = change.expected;
  if (change.propagation == "Foreground") options.propagation = Propagation::kForeground;
  if (change.propagation == "Orphan") options.propagation = Propagation::kOrphan;
  auto removed = resources_.remove(ref, options);
  if (removed.code() == Code::kNotFound) return ObjectPtr();
  return removed;
}

}  // namespace capstan
