// One Kubernetes object, immutable once made: its JSON text, the metadata that the runtime itself
// looks at, and its parsed tree on demand.
//
// An object is shared by everything that reads it (watch cache, controllers, open watches), so a
// change is always a new object. The text is what is stored and sent; the tree is parsed on first
// use and can be dropped again to save memory, which no holder of a tree notices.
//
// Thread safety: all const members from any thread.
//
// Example:
//   const ObjectPtr machine = TRY(Object::parse(text));
//   const auto tree = machine->tree();
//   const std::string version = get_string(*tree, {"spec", "version"});
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/object/object_key.h"

namespace capstan {

// The store's revision: one sequence for all objects, growing with every write. 0 is "none".
using Revision = uint64_t;

struct OwnerReference {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string uid;
  bool controller = false;
  bool block_owner_deletion = false;
  bool operator==(const OwnerReference&) const = default;
};

// What the runtime reads of metadata. Field names are Kubernetes'.
struct Metadata {
  std::string name;
  std::string ns;  // metadata.namespace
  std::string uid;
  Revision resource_version = 0;
  int64_t generation = 0;
  std::string creation_timestamp;  // RFC 3339, "" where absent
  std::string deletion_timestamp;  // "" unless the object is being deleted
  std::map<std::string, std::string, std::less<>> labels;
  std::map<std::string, std::string, std::less<>> annotations;
  std::vector<std::string> finalizers;
  std::vector<OwnerReference> owner_references;

  bool deleting() const { return !deletion_timestamp.empty(); }
  // The owner with controller: true, or null.
  const OwnerReference* controller() const;
  // "" where absent.
  const std::string& label(std::string_view key) const;
  const std::string& annotation(std::string_view key) const;
  bool has_finalizer(std::string_view name) const;
};

class Object;
using ObjectPtr = std::shared_ptr<const Object>;
using JsonPtr = std::shared_ptr<const Json>;

class Object {
 public:
  // Errors: kInvalid where the text is no JSON object with apiVersion, kind and metadata.
  static Result<ObjectPtr> parse(std::string text);
  // The same from a tree, which the object keeps.
  static Result<ObjectPtr> from_json(Json tree);

  // The same object at a revision: metadata.resourceVersion is set (or replaced) in the text. The
  // store calls this for every committed write. A tree that nobody was given yet moves along, so
  // that what was made from a tree need not be parsed again.
  ObjectPtr at_revision(Revision revision) const;

  const std::string& api_version() const { return api_version_; }
  const std::string& kind() const { return kind_; }
  GroupVersion group_version() const { return GroupVersion::parse(api_version_); }
  const Metadata& meta() const { return meta_; }
  ObjectKey key() const;

  // Compact JSON.
  const std::string& text() const { return text_; }
  // Never null; metadata.managedFields is text in it (object_tree.h). Keep the pointer for as long
  // as references into the tree are used.
  JsonPtr tree() const;
  // Frees the parsed tree; the next tree() parses again. True where there was one.
  bool drop_tree() const;
  // The same unless tree() was called since the last drop_idle_tree().
  bool drop_idle_tree() const;

 private:
  Object() = default;
  using MutableTree = std::shared_ptr<Json>;
  static Result<ObjectPtr> make(std::string text, MutableTree tree);

  JsonPtr get_tree() const;
  void set_tree(MutableTree tree) const;
  MutableTree take_unshared_tree() const;

  std::string api_version_;
  std::string kind_;
  Metadata meta_;
  std::string text_;
  // Guards tree_ for the moment of copying the pointer. (std::atomic<std::shared_ptr> of GCC 12 has
  // a data race of its own.)
  mutable std::atomic_flag tree_busy_;
  mutable MutableTree tree_;
  mutable bool tree_shared_ = false;  // tree_ was given out, so it may not change any more
  mutable std::atomic<bool> tree_used_ = false;
};

}  // namespace capstan
