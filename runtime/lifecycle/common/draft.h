// What a reconcile wants an object to become: edits are collected against the snapshot, and only
// what differs is written, as at most one patch of metadata and spec and one of status.
//
// Thread safety: none; one reconcile's own.
//
// Example:
//   Draft draft(machine);
//   draft.add_finalizer(kMachineFinalizer);
//   set_condition(draft.view(), {.type = "Ready", .status = "True", .reason = "Ready"}, now);
//   draft.finish(outcome);
#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/controller/reconciler.h"
#include "runtime/object/object.h"

namespace capstan::lifecycle {

class Draft {
 public:
  explicit Draft(ObjectPtr object);

  // The snapshot.
  const Object& object() const { return *object_; }
  const ObjectPtr& pointer() const { return object_; }
  const Metadata& meta() const { return object_->meta(); }
  const Json& tree() const { return *tree_; }

  // Edits of metadata and spec. Setting what the snapshot has already changes nothing.
  void set(std::initializer_list<std::string_view> path, const Json& value);
  void set_at(const std::vector<std::string_view>& path, const Json& value);
  void set_label(const std::string& key, const std::string& value);
  void set_annotation(const std::string& key, const std::string& value);
  void remove_annotation(const std::string& key);
  void add_finalizer(const std::string& name);
  void remove_finalizer(const std::string& name);
  void ensure_owner(const OwnerReference& owner);
  void drop_owners(const GroupKind& kind);

  // metadata.{name,namespace,generation} and a working copy of status: what the functions for
  // conditions work on.
  Json& view();
  Json& status() { return view()["status"]; }

  // Whether metadata or spec differ from the snapshot.
  bool edited() const { return !patch_.empty(); }
  // Puts the patch of metadata and spec before the outcome's changes and that of status behind
  // them: a finalizer is there before what it protects, and status is written last. An object that
  // loses its last finalizer while it is being deleted gets no status any more.
  // `manager` is the field manager; "" is the controller's name.
  void finish(Outcome& outcome, const std::string& manager = "");

 private:
  std::vector<OwnerReference>& owners();
  std::vector<std::string>& finalizers();

  ObjectPtr object_;
  JsonPtr tree_;
  Json patch_ = Json::object();
  std::optional<std::vector<OwnerReference>> owners_;
  std::optional<std::vector<std::string>> finalizers_;
  Json view_;
};

// The sooner of the two.
void requeue_within(std::optional<Duration>& requeue, Duration delay);

}  // namespace capstan::lifecycle
