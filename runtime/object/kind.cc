#include "runtime/object/kind.h"

#include <functional>

#include "runtime/base/text.h"
#include "runtime/object/compact_json.h"

namespace capstan {
namespace {

Error bad_crd(const Json& crd, const std::string& field, const std::string& message) {
  Error error =
      Error::invalid("CustomResourceDefinition \"" + get_string(crd, {"metadata", "name"}) +
                     "\": " + field + " " + message);
  error.fields.push_back({field, "FieldValueInvalid", message});
  return error;
}

std::vector<std::string> string_list(const Json* list) {
  std::vector<std::string> out;
  if (list == nullptr || !list->is_array()) return out;
  for (const Json& item : *list) {
    if (item.is_string()) out.push_back(item.get<std::string>());
  }
  return out;
}

PrinterColumn read_column(const Json& from) {
  PrinterColumn column;
  column.name = get_string(from, {"name"});
  column.type = get_string(from, {"type"}, "string");
  column.format = get_string(from, {"format"});
  column.description = get_string(from, {"description"});
  column.priority = static_cast<int>(get_int(from, {"priority"}));
  column.json_path = get_string(from, {"jsonPath"});
  column.compute = get_string(from, {"compute"});
  return column;
}

// A CRD's document in two parts: the schemas, by the place of their version, and all else.
struct CutCrd {
  std::string rest;  // with null for each schema
  std::vector<std::string_view> schemas;
};

CutCrd cut_schemas(std::string_view text) {
  CutCrd cut;
  size_t copied = 0;
  CompactJson walk(text);
  // Enters the member, if the value is an object, and skips all others.
  const auto enter = [&walk](std::string_view wanted, auto&& inside) {
    if (walk.peek() != '{') return walk.skip_value();
    walk.members([&](std::string_view name) { name == wanted ? inside() : walk.skip_value(); });
  };
  const auto take_schema = [&] {
    cut.rest.append(text.substr(copied, walk.at() - copied)).append("null");
    cut.schemas.back() = walk.value();
    copied = walk.at();
  };
  const auto version = [&] {
    cut.schemas.emplace_back();
    enter("schema", [&] { enter("openAPIV3Schema", take_schema); });
  };
  enter("spec", [&] {
    enter("versions", [&] { walk.peek() == '[' ? walk.items(version) : walk.skip_value(); });
  });
  cut.rest.append(text.substr(copied));
  return cut;
}

KindVersion read_version(const Json& from) {
  KindVersion version;
  version.name = get_string(from, {"name"});
  version.served = get_bool(from, {"served"});
  version.storage = get_bool(from, {"storage"});
  version.deprecated = get_bool(from, {"deprecated"});
  version.deprecation_warning = get_string(from, {"deprecationWarning"});
  version.status_subresource = find(from, {"subresources", "status"}) != nullptr;
  if (const Json* scale = find(from, {"subresources", "scale"})) {
    version.scale = ScaleSubresource{get_string(*scale, {"specReplicasPath"}),
                                     get_string(*scale, {"statusReplicasPath"}),
                                     get_string(*scale, {"labelSelectorPath"})};
  }
  const Json* columns = find(from, {"additionalPrinterColumns"});
  if (columns != nullptr && columns->is_array()) {
    for (const Json& column : *columns) version.columns.push_back(read_column(column));
  }
  return version;
}

}  // namespace

const KindVersion& Kind::storage_version() const {
  for (const KindVersion& version : versions) {
    if (version.storage) return version;
  }
  return versions.front();
}

const KindVersion* Kind::version(std::string_view name) const {
  for (const KindVersion& version : versions) {
    if (version.name == name) return &version;
  }
  return nullptr;
}

std::string Kind::api_version() const {
  return GroupVersion{id.group, storage_version().name}.text();
}

GroupKind Kind::stored_id() const {
  return stored_as.empty() ? id : GroupKind{GroupVersion::parse(stored_as).group, id.kind};
}

namespace {

// `schema_of` gives the text of the schema of a version, which is the n-th; "" where it has none.
Result<KindPtr> read_crd(
    const Json& crd, const std::function<std::string(const Json& version, size_t n)>& schema_of) {
  auto kind = std::make_shared<Kind>();
  kind->id = {get_string(crd, {"spec", "group"}), get_string(crd, {"spec", "names", "kind"})};
  kind->plural = get_string(crd, {"spec", "names", "plural"});
  if (kind->id.kind.empty()) return bad_crd(crd, "spec.names.kind", "is missing");
  if (kind->plural.empty()) return bad_crd(crd, "spec.names.plural", "is missing");
  kind->singular = get_string(crd, {"spec", "names", "singular"}, "");
  kind->list_kind = get_string(crd, {"spec", "names", "listKind"}, kind->id.kind + "List");
  kind->short_names = string_list(::capstan::find(crd, {"spec", "names", "shortNames"}));
  kind->categories = string_list(::capstan::find(crd, {"spec", "names", "categories"}));
  kind->namespaced = get_string(crd, {"spec", "scope"}) != "Cluster";
  const Json* versions = ::capstan::find(crd, {"spec", "versions"});
  if (versions == nullptr || !versions->is_array() || versions->empty()) {
    return bad_crd(crd, "spec.versions", "must have at least one version");
  }
  int storage_versions = 0;
  for (const Json& version : *versions) {
    std::string schema = schema_of(version, kind->versions.size());
    if (schema.empty() || schema == "null") schema = "{}";
    kind->versions.push_back(read_version(version));
    kind->versions.back().schema = std::make_shared<const std::string>(std::move(schema));
    if (kind->versions.back().storage) ++storage_versions;
  }
  if (storage_versions != 1) {
    return bad_crd(crd, "spec.versions", "must have exactly one version with storage: true");
  }
  const std::string rules = get_string(crd, {"metadata", "annotations", "capstan.dev/conversion"});
  if (!rules.empty()) {
    Result<Json> parsed = parse_json(rules);
    if (!parsed.ok()) {
      return bad_crd(crd, "metadata.annotations[capstan.dev/conversion]",
                     "must be the JSON that capstan-kinds wrote");
    }
    kind->conversion = std::make_shared<const Json>(std::move(*parsed));
  }
  if (const Json* annotations = ::capstan::find(crd, {"metadata", "annotations"})) {
    kind->builtin = get_string(*annotations, {"capstan.dev/builtin"}) == "true";
    kind->stored_as = get_string(*annotations, {"capstan.dev/stored-as"});
    const std::string extra = get_string(*annotations, {"capstan.dev/subresources"});
    if (!extra.empty()) kind->extra_subresources = split(extra, ',');
  }
  if (const Json* labels = ::capstan::find(crd, {"metadata", "labels"}); labels != nullptr) {
    for (const auto& [name, value] : labels->items()) {
      if (value.is_string()) kind->labels.emplace(name, value.get<std::string>());
    }
  }
  return KindPtr(kind);
}

}  // namespace

Result<KindPtr> Kind::from_crd(const Json& crd) {
  return read_crd(crd, [](const Json& version, size_t) {
    const Json* schema = ::capstan::find(version, {"schema", "openAPIV3Schema"});
    return schema == nullptr ? std::string() : dump_json(*schema);
  });
}

Result<KindPtr> Kind::from_crd_text(std::string_view compact_json) {
  const CutCrd cut = cut_schemas(compact_json);
  const Json crd = TRY(parse_json(cut.rest));
  return read_crd(crd, [&cut](const Json&, size_t n) {
    return std::string(n < cut.schemas.size() ? cut.schemas[n] : std::string_view());
  });
}

void KindRegistry::put(KindPtr kind) {
  const std::scoped_lock lock(mutex_);
  by_plural_[{kind->id.group, kind->plural}] = kind->id;
  kinds_[kind->id] = std::move(kind);
  ++generation_;
}

void KindRegistry::remove(const GroupKind& id) {
  const std::scoped_lock lock(mutex_);
  const auto found = kinds_.find(id);
  if (found == kinds_.end()) return;
  by_plural_.erase({id.group, found->second->plural});
  kinds_.erase(found);
  ++generation_;
}

KindPtr KindRegistry::find(const GroupKind& id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = kinds_.find(id);
  return found == kinds_.end() ? nullptr : found->second;
}

KindPtr KindRegistry::find_resource(const std::string& group, const std::string& plural) const {
  const std::scoped_lock lock(mutex_);
  const auto found = by_plural_.find({group, plural});
  return found == by_plural_.end() ? nullptr : kinds_.at(found->second);
}

std::vector<KindPtr> KindRegistry::all() const {
  const std::scoped_lock lock(mutex_);
  std::vector<KindPtr> kinds;
  kinds.reserve(kinds_.size());
  for (const auto& [id, kind] : kinds_) kinds.push_back(kind);
  return kinds;
}

uint64_t KindRegistry::generation() const {
  const std::scoped_lock lock(mutex_);
  return generation_;
}

}  // namespace capstan
