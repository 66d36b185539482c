#include "runtime/object/object.h"

#include <cassert>

#include "runtime/object/object_text.h"
#include "runtime/object/object_tree.h"

namespace capstan {
namespace {

const std::string kEmpty;
constexpr std::string_view kReplacement = "\xef\xbf\xbd";

class BusyGuard {
 public:
  explicit BusyGuard(std::atomic_flag& busy) : busy_(busy) {
    while (busy_.test_and_set(std::memory_order_acquire)) busy_.wait(true);
  }
  ~BusyGuard() {
    busy_.clear(std::memory_order_release);
    busy_.notify_one();
  }
  BusyGuard(const BusyGuard&) = delete;
  BusyGuard& operator=(const BusyGuard&) = delete;

 private:
  std::atomic_flag& busy_;
};

}  // namespace

const OwnerReference* Metadata::controller() const {
  for (const OwnerReference& owner : owner_references) {
    if (owner.controller) return &owner;
  }
  return nullptr;
}

const std::string& Metadata::label(std::string_view key) const {
  const auto found = labels.find(key);
  return found == labels.end() ? kEmpty : found->second;
}

const std::string& Metadata::annotation(std::string_view key) const {
  const auto found = annotations.find(key);
  return found == annotations.end() ? kEmpty : found->second;
}

bool Metadata::has_finalizer(std::string_view name) const {
  for (const std::string& finalizer : finalizers) {
    if (finalizer == name) return true;
  }
  return false;
}

Result<ObjectPtr> Object::parse(std::string text) {
  return make(std::move(text), nullptr);
}

Result<ObjectPtr> Object::from_json(Json tree) {
  std::string text = dump_json(tree);
  // Bytes that are no UTF-8 were replaced in the text, which the tree must equal.
  if (text.find(kReplacement) != std::string::npos) return make(std::move(text), nullptr);
  pack_managed_fields(tree);
  return make(std::move(text), std::make_shared<Json>(std::move(tree)));
}

Result<ObjectPtr> Object::make(std::string text, MutableTree tree) {
  ObjectHead head = TRY(read_head(text));
  const std::shared_ptr<Object> object(new Object());
  object->api_version_ = std::move(head.api_version);
  object->kind_ = std::move(head.kind);
  object->meta_ = std::move(head.meta);
  object->text_ = std::move(text);
  object->tree_ = std::move(tree);
  return ObjectPtr(object);
}

ObjectPtr Object::at_revision(Revision revision) const {
  const std::string version = std::to_string(revision);
  std::optional<std::string> text = with_resource_version(text_, version);
  MutableTree tree = take_unshared_tree();
  if (!text.has_value() && tree == nullptr) tree = std::make_shared<Json>(*this->tree());
  if (tree != nullptr) (*tree)["metadata"]["resourceVersion"] = version;
  if (!text.has_value()) text = dump_json(*tree);
  const std::shared_ptr<Object> object(new Object());
  object->api_version_ = api_version_;
  object->kind_ = kind_;
  object->meta_ = meta_;
  object->meta_.resource_version = revision;
  object->text_ = *std::move(text);
  object->tree_ = std::move(tree);
  return object;
}

ObjectKey Object::key() const {
  return {{group_version().group, kind_}, meta_.ns, meta_.name};
}

JsonPtr Object::tree() const {
  tree_used_.store(true, std::memory_order_relaxed);
  if (JsonPtr tree = get_tree()) return tree;
  // Every text that made an object was checked, so it parses.
  Result<Json> parsed = parse_object_tree(text_);
  assert(parsed.ok());
  auto tree = std::make_shared<Json>(parsed.ok() ? *std::move(parsed) : Json::object());
  set_tree(tree);
  return tree;
}

JsonPtr Object::get_tree() const {
  const BusyGuard guard(tree_busy_);
  tree_shared_ = true;
  return tree_;
}

// The old tree is freed after the guard is gone. (tree_shared_ stays set: it is only of use for
// trees that are as old as their object.)
void Object::set_tree(MutableTree tree) const {
  const BusyGuard guard(tree_busy_);
  tree_.swap(tree);
}

Object::MutableTree Object::take_unshared_tree() const {
  const BusyGuard guard(tree_busy_);
  return tree_shared_ ? nullptr : std::exchange(tree_, nullptr);
}

bool Object::drop_tree() const {
  MutableTree old;
  {
    const BusyGuard guard(tree_busy_);
    old.swap(tree_);
  }
  return old != nullptr;
}

bool Object::drop_idle_tree() const {
  if (tree_used_.exchange(false, std::memory_order_relaxed)) return false;
  return drop_tree();
}

}  // namespace capstan
