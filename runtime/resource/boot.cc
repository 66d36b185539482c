#include <atomic>
#include <thread>

#include "builtin_kinds.h"
#include "runtime/base/text.h"
#include "runtime/object/compact_json.h"
#include "runtime/resource/crd_rules.h"
#include "runtime/resource/resource_service.h"

namespace capstan {
namespace {

constexpr const char* kHashAnnotation = "capstan.dev/hash";
constexpr const char* kManager = "capstan";
const GroupKind kCrd{"apiextensions.k8s.io", "CustomResourceDefinition"};

Result<void> ensure_namespace(ResourceService& service, const KindPtr& kind,
                              const std::string& name) {
  if (service.cache().get({kind->id, "", name}) != nullptr) return {};
  WriteOptions options;
  options.manager = kManager;
  const auto created =
      service.create({kind, "", "", name}, {{"metadata", {{"name", name}}}}, options);
  if (!created.ok() && created.code() != Code::kAlreadyExists) return created.error();
  return {};
}

std::vector<std::string_view> split_kind_documents(std::string_view json) {
  std::vector<std::string_view> documents;
  if (json.empty()) return documents;
  CompactJson walk(json);
  walk.items([&] { documents.push_back(walk.value()); });
  return documents;
}

std::string hash_of(std::string_view document) {
  return hex_encode(sha256(document)).substr(0, 16);
}

// What is stored came of this very document.
bool is_current(ResourceService& service, const std::string& name, const std::string& hash) {
  const ObjectPtr stored = service.cache().get({kCrd, "", name});
  return stored != nullptr && stored->meta().annotation(kHashAnnotation) == hash;
}

// The spec wholly, so that nothing stays that the new document no longer has.
Result<void> replace_crd(ResourceService& service, const ResourceRef& ref, const Json& document,
                         const WriteOptions& options) {
  constexpr int kConflictTries = 16;
  for (int i = 0;; ++i) {
    const ObjectPtr live = TRY(service.get(ref));
    Json next = *live->tree();
    next["spec"] = document["spec"];
    const Json& metadata = document["metadata"];
    merge_patch(next["metadata"]["annotations"], metadata["annotations"]);
    if (metadata.contains("labels")) {
      merge_patch(next["metadata"]["labels"], metadata["labels"]);
    }
    const auto written = service.update(ref, std::move(next), options);
    if (written.code() == Code::kConflict && i < kConflictTries) continue;
    TRY(written)->drop_tree();
    return {};
  }
}

// Writes the CRD over what came of another document, if anything. What others added to the stored
// object's labels and annotations stays.
Result<void> write_crd(ResourceService& service, const KindPtr& kind, std::string_view document) {
  Json object = TRY(parse_json(document));
  const std::string name = get_string(object, {"metadata", "name"});
  object.erase("status");
  make(object, {"metadata", "annotations", kHashAnnotation}) = hash_of(document);
  WriteOptions options;
  options.manager = kManager;
  options.field_validation = FieldValidation::kIgnore;
  const ResourceRef ref{kind, "", "", name};
  if (service.cache().get({kCrd, "", name}) == nullptr) {
    TRY(service.create(ref, std::move(object), options))->drop_tree();
    return {};
  }
  return replace_crd(service, ref, object, options);
}

// Side by side, so that the store syncs many of them at once. The first error in their order.
Result<void> write_crds(ResourceService& service, const KindPtr& kind,
                        const std::vector<std::string_view>& documents, size_t writers_wanted) {
  if (writers_wanted <= 1 || documents.size() <= 1) {
    for (const std::string_view document : documents) TRY(write_crd(service, kind, document));
    return {};
  }
  std::vector<Result<void>> results(documents.size());
  std::atomic<size_t> next = 0;
  {
    std::vector<std::jthread> writers;
    for (size_t i = 0; i < std::min(writers_wanted, documents.size()); ++i) {
      writers.emplace_back([&] {
        for (size_t at; (at = next++) < documents.size();) {
          results[at] = write_crd(service, kind, documents[at]);
        }
      });
    }
  }
  for (Result<void>& result : results) TRY(std::move(result));
  return {};
}

Result<void> ensure_crds(ResourceService& service, const std::vector<std::string_view>& documents,
                         size_t writers) {
  KindRegistry& kinds = service.kinds();
  const KindPtr kind = kinds.find(kCrd);
  std::vector<std::string_view> changed;
  for (const std::string_view document : documents) {
    if (kind == nullptr) {
      kinds.put(TRY(Kind::from_crd_text(document)));
      continue;
    }
    const Json metadata = TRY(parse_json(find_member(document, "metadata").value_or("{}")));
    if (is_current(service, get_string(metadata, {"name"}), hash_of(document))) continue;
    changed.push_back(document);
  }
  return write_crds(service, kind, changed, writers);
}

}  // namespace

Result<std::vector<Json>> parse_kind_documents(std::string_view json) {
  Json list = TRY(parse_json(json));
  if (!list.is_array()) return Error::invalid("kinds must be a JSON array of CRDs");
  return std::vector<Json>(std::make_move_iterator(list.begin()),
                           std::make_move_iterator(list.end()));
}

Result<std::vector<Json>> builtin_kind_documents() {
  return parse_kind_documents(builtin_kinds_json());
}

Result<void> boot_resources(ResourceService& service, const BootOptions& options) {
  KindRegistry& kinds = service.kinds();
  // A later boot brings more kinds to a service that already knows what is stored.
  const bool first = !options.builtin_kinds.empty();
  for (const Json& crd : options.builtin_kinds) kinds.put(TRY(Kind::from_crd(crd)));
  if (first) {
    for (const ObjectPtr& crd : service.cache().list(kCrd).items) TRY(register_crd(*crd, kinds));
  }
  std::vector<std::string_view> documents = split_kind_documents(options.embedded_crds);
  std::vector<std::string> texts;
  for (const Json& crd : options.bundled_crds) texts.push_back(dump_json(crd));
  documents.insert(documents.end(), texts.begin(), texts.end());
  TRY(ensure_crds(service, documents, options.writers));
  if (const KindPtr kind = kinds.find({"", "Namespace"})) {
    for (const std::string& name : options.namespaces) TRY(ensure_namespace(service, kind, name));
  }
  return first ? service.resume_deletions() : Result<void>();
}

}  // namespace capstan
