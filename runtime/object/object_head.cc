#include <charconv>

#include "runtime/base/simdjson_parser.h"
#include "runtime/object/object_text.h"

namespace capstan {
namespace {

namespace dom = simdjson::dom;
using StringMap = std::map<std::string, std::string, std::less<>>;

Error bad_field(std::string field, std::string message) {
  Error error = Error::invalid(field + ": " + message);
  error.fields.push_back({std::move(field), "FieldValueInvalid", std::move(message)});
  return error;
}

// The last member of the name, as a tree has it; nothing where it is absent or null.
std::optional<dom::element> member(const dom::object& from, std::string_view name) {
  std::optional<dom::element> found;
  for (const auto& [key, value] : from) {
    if (key == name) found = value;
  }
  return found.has_value() && !found->is_null() ? found : std::nullopt;
}

bool has_twice(const dom::object& from, std::string_view name) {
  int count = 0;
  for (const auto& field : from) count += field.key == name ? 1 : 0;
  return count > 1;
}

Result<std::string> read_string(const dom::object& from, std::string_view name,
                                std::string_view path) {
  const auto value = member(from, name);
  if (!value.has_value()) return std::string();
  std::string_view text;
  if (value->get(text) != simdjson::SUCCESS) {
    return bad_field(std::string(path).append(name), "must be a string");
  }
  return std::string(text);
}

bool read_bool(const dom::object& from, std::string_view name) {
  const auto value = member(from, name);
  bool flag = false;
  return value.has_value() && value->get(flag) == simdjson::SUCCESS && flag;
}

Result<StringMap> read_map(const dom::object& from, std::string_view name) {
  StringMap map;
  const auto value = member(from, name);
  if (!value.has_value()) return map;
  const std::string path = std::string("metadata.").append(name);
  dom::object entries;
  if (value->get(entries) != simdjson::SUCCESS) return bad_field(path, "must be a map of strings");
  for (const auto& [key, entry] : entries) {
    std::string_view text;
    if (entry.get(text) != simdjson::SUCCESS) {
      return bad_field(path + "[" + std::string(key) + "]", "must be a string");
    }
    map.insert_or_assign(std::string(key), std::string(text));
  }
  return map;
}

Result<std::vector<std::string>> read_finalizers(const dom::object& from) {
  std::vector<std::string> list;
  const auto value = member(from, "finalizers");
  if (!value.has_value()) return list;
  const Error wrong = bad_field("metadata.finalizers", "must be a list of strings");
  dom::array items;
  if (value->get(items) != simdjson::SUCCESS) return wrong;
  list.reserve(items.size());
  for (const dom::element item : items) {
    std::string_view text;
    if (item.get(text) != simdjson::SUCCESS) return wrong;
    list.emplace_back(text);
  }
  return list;
}

Result<OwnerReference> read_owner(const dom::object& from, const std::string& path) {
  OwnerReference owner;
  owner.api_version = TRY(read_string(from, "apiVersion", path));
  owner.kind = TRY(read_string(from, "kind", path));
  owner.name = TRY(read_string(from, "name", path));
  owner.uid = TRY(read_string(from, "uid", path));
  owner.controller = read_bool(from, "controller");
  owner.block_owner_deletion = read_bool(from, "blockOwnerDeletion");
  return owner;
}

Result<std::vector<OwnerReference>> read_owners(const dom::object& from) {
  std::vector<OwnerReference> list;
  const auto value = member(from, "ownerReferences");
  if (!value.has_value()) return list;
  dom::array items;
  if (value->get(items) != simdjson::SUCCESS) {
    return bad_field("metadata.ownerReferences", "must be a list");
  }
  list.reserve(items.size());
  for (const dom::element item : items) {
    dom::object owner;
    if (item.get(owner) != simdjson::SUCCESS) {
      return bad_field("metadata.ownerReferences", "must be a list of objects");
    }
    list.push_back(
        TRY(read_owner(owner, "metadata.ownerReferences[" + std::to_string(list.size()) + "].")));
  }
  return list;
}

Result<Revision> read_revision(const dom::object& from) {
  const std::string version = TRY(read_string(from, "resourceVersion", "metadata."));
  if (version.empty()) return Revision{0};
  Revision revision = 0;
  const char* end = version.data() + version.size();
  const auto parsed = std::from_chars(version.data(), end, revision);
  if (parsed.ec != std::errc() || parsed.ptr != end) {
    return bad_field("metadata.resourceVersion",
                     "\"" + version + "\" was not given by this server");
  }
  return revision;
}

Result<Metadata> read_metadata(const dom::object& from) {
  Metadata meta;
  meta.name = TRY(read_string(from, "name", "metadata."));
  meta.ns = TRY(read_string(from, "namespace", "metadata."));
  meta.uid = TRY(read_string(from, "uid", "metadata."));
  meta.resource_version = TRY(read_revision(from));
  if (const auto generation = member(from, "generation")) {
    if (generation->get(meta.generation) != simdjson::SUCCESS) meta.generation = 0;
  }
  meta.creation_timestamp = TRY(read_string(from, "creationTimestamp", "metadata."));
  meta.deletion_timestamp = TRY(read_string(from, "deletionTimestamp", "metadata."));
  meta.labels = TRY(read_map(from, "labels"));
  meta.annotations = TRY(read_map(from, "annotations"));
  meta.finalizers = TRY(read_finalizers(from));
  meta.owner_references = TRY(read_owners(from));
  return meta;
}

Result<ObjectHead> read_root(const dom::element& root) {
  dom::object object;
  if (root.get(object) != simdjson::SUCCESS) {
    return Error::invalid("an object must be a JSON object");
  }
  ObjectHead head;
  head.api_version = TRY(read_string(object, "apiVersion", ""));
  head.kind = TRY(read_string(object, "kind", ""));
  if (head.api_version.empty()) return bad_field("apiVersion", "is missing");
  if (head.kind.empty()) return bad_field("kind", "is missing");
  const auto metadata = member(object, "metadata");
  dom::object fields;
  if (!metadata.has_value() || metadata->get(fields) != simdjson::SUCCESS) {
    return bad_field("metadata", "is missing");
  }
  head.meta = TRY(read_metadata(fields));
  return head;
}

// What the text is addressed by when its revision is set must be there once.
bool is_ambiguous(const dom::element& root) {
  dom::object object;
  if (root.get(object) != simdjson::SUCCESS) return false;
  if (has_twice(object, "metadata")) return true;
  const auto metadata = member(object, "metadata");
  dom::object fields;
  return metadata.has_value() && metadata->get(fields) == simdjson::SUCCESS &&
         has_twice(fields, "resourceVersion");
}

void make_compact(std::string& text) {
  std::string out(text.size() + simdjson::SIMDJSON_PADDING, '\0');
  size_t length = 0;
  if (simdjson::minify(text.data(), text.size(), out.data(), length) != simdjson::SUCCESS) return;
  if (length == text.size()) return;
  text.assign(out, 0, length);
  text.shrink_to_fit();
}

}  // namespace

Result<ObjectHead> read_head(std::string& text) {
  SimdjsonParser taken(text.size());
  if (taken.get() == nullptr) {
    return Error::internal("no memory to read an object of " + std::to_string(text.size()) +
                           " bytes");
  }
  dom::parser& parser = *taken.get();
  dom::element root;
  if (parser.parse(text).get(root) == simdjson::SUCCESS && !is_ambiguous(root) &&
      !may_have_surrogates(text)) {
    ObjectHead head = TRY(read_root(root));
    make_compact(text);
    return head;
  }
  // Either malformed, which the tree parser says best, or beyond simdjson and then made plain.
  text = dump_json(TRY(parse_json(text)));
  if (parser.parse(text).get(root) != simdjson::SUCCESS) {
    return Error::invalid("the JSON is nested more than 100 levels deep");
  }
  return read_root(root);
}

}  // namespace capstan
