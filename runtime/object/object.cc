#include "runtime/object/object.h"

#include <charconv>

namespace capstan {
namespace {

const std::string kEmpty;

using StringMap = std::map<std::string, std::string, std::less<>>;

Error bad_field(std::string field, std::string message) {
  Error error = Error::invalid(field + ": " + message);
  error.fields.push_back({std::move(field), "FieldValueInvalid", std::move(message)});
  return error;
}

Result<std::string> read_string(const Json& from, const char* name, const std::string& path) {
  const auto member = from.find(name);
  if (member == from.end() || member->is_null()) return std::string();
  if (!member->is_string()) return bad_field(path + name, "must be a string");
  return member->get<std::string>();
}

Result<StringMap> read_map(const Json& from, const char* name) {
  StringMap map;
  const auto member = from.find(name);
  if (member == from.end() || member->is_null()) return map;
  const std::string path = std::string("metadata.") + name;
  if (!member->is_object()) return bad_field(path, "must be a map of strings");
  for (const auto& [key, value] : member->items()) {
    if (!value.is_string()) return bad_field(path + "[" + key + "]", "must be a string");
    map.emplace(key, value.get<std::string>());
  }
  return map;
}

Result<std::vector<std::string>> read_finalizers(const Json& from) {
  std::vector<std::string> list;
  const auto member = from.find("finalizers");
  if (member == from.end() || member->is_null()) return list;
  if (!member->is_array()) return bad_field("metadata.finalizers", "must be a list of strings");
  for (const Json& item : *member) {
    if (!item.is_string()) return bad_field("metadata.finalizers", "must be a list of strings");
    list.push_back(item.get<std::string>());
  }
  return list;
}

Result<std::vector<OwnerReference>> read_owners(const Json& from) {
  std::vector<OwnerReference> list;
  const auto member = from.find("ownerReferences");
  if (member == from.end() || member->is_null()) return list;
  if (!member->is_array()) return bad_field("metadata.ownerReferences", "must be a list");
  for (size_t i = 0; i < member->size(); ++i) {
    const Json& item = (*member)[i];
    const std::string path = "metadata.ownerReferences[" + std::to_string(i) + "].";
    if (!item.is_object())
      return bad_field("metadata.ownerReferences", "must be a list of objects");
    OwnerReference owner;
    owner.api_version = TRY(read_string(item, "apiVersion", path));
    owner.kind = TRY(read_string(item, "kind", path));
    owner.name = TRY(read_string(item, "name", path));
    owner.uid = TRY(read_string(item, "uid", path));
    owner.controller = get_bool(item, {"controller"});
    owner.block_owner_deletion = get_bool(item, {"blockOwnerDeletion"});
    list.push_back(std::move(owner));
  }
  return list;
}

Result<Metadata> read_metadata(const Json& from) {
  Metadata meta;
  meta.name = TRY(read_string(from, "name", "metadata."));
  meta.ns = TRY(read_string(from, "namespace", "metadata."));
  meta.uid = TRY(read_string(from, "uid", "metadata."));
  const std::string version = TRY(read_string(from, "resourceVersion", "metadata."));
  const auto parsed =
      std::from_chars(version.data(), version.data() + version.size(), meta.resource_version);
  if (!version.empty() && (parsed.ec != std::errc() || *parsed.ptr != '\0')) {
    return bad_field("metadata.resourceVersion",
                     "\"" + version + "\" was not given by this server");
  }
  meta.generation = get_int(from, {"generation"});
  meta.creation_timestamp = TRY(read_string(from, "creationTimestamp", "metadata."));
  meta.deletion_timestamp = TRY(read_string(from, "deletionTimestamp", "metadata."));
  meta.labels = TRY(read_map(from, "labels"));
  meta.annotations = TRY(read_map(from, "annotations"));
  meta.finalizers = TRY(read_finalizers(from));
  meta.owner_references = TRY(read_owners(from));
  return meta;
}

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
  auto tree = std::make_shared<const Json>(TRY(parse_json(text)));
  return make(std::move(text), std::move(tree));
}

Result<ObjectPtr> Object::from_json(Json tree) {
  std::string text = dump_json(tree);
  return make(std::move(text), std::make_shared<const Json>(std::move(tree)));
}

Result<ObjectPtr> Object::make(std::string text, JsonPtr tree) {
  if (!tree->is_object()) return Error::invalid("an object must be a JSON object");
  const std::shared_ptr<Object> object(new Object());
  object->api_version_ = TRY(read_string(*tree, "apiVersion", ""));
  object->kind_ = TRY(read_string(*tree, "kind", ""));
  if (object->api_version_.empty()) return bad_field("apiVersion", "is missing");
  if (object->kind_.empty()) return bad_field("kind", "is missing");
  const auto meta = tree->find("metadata");
  if (meta == tree->end() || !meta->is_object()) return bad_field("metadata", "is missing");
  object->meta_ = TRY(read_metadata(*meta));
  object->text_ = std::move(text);
  object->tree_.store(std::move(tree));
  return ObjectPtr(object);
}

ObjectPtr Object::at_revision(Revision revision) const {
  Json tree = *this->tree();
  tree["metadata"]["resourceVersion"] = std::to_string(revision);
  const std::shared_ptr<Object> object(new Object());
  object->api_version_ = api_version_;
  object->kind_ = kind_;
  object->meta_ = meta_;
  object->meta_.resource_version = revision;
  object->text_ = dump_json(tree);
  object->tree_.store(std::make_shared<const Json>(std::move(tree)));
  return object;
}

ObjectKey Object::key() const {
  return {{group_version().group, kind_}, meta_.ns, meta_.name};
}

JsonPtr Object::tree() const {
  JsonPtr tree = tree_.load();
  if (tree == nullptr) {
    // The text was parsed once before, so it parses.
    tree = std::make_shared<const Json>(Json::parse(text_));
    tree_.store(tree);
  }
  return tree;
}

void Object::drop_tree() const {
  tree_.store(nullptr);
}

}  // namespace capstan
