#include "builtin_kinds.h"
#include "runtime/base/text.h"
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

// Writes the CRD where what is stored came of another document. What others added to the stored
// object's labels and annotations stays.
Result<void> ensure_crd(ResourceService& service, const KindPtr& kind, const Json& crd) {
  const std::string name = get_string(crd, {"metadata", "name"});
  const std::string hash = hex_encode(sha256(dump_json(crd))).substr(0, 16);
  const ObjectPtr stored = service.cache().get({kCrd, "", name});
  if (stored != nullptr && stored->meta().annotation(kHashAnnotation) == hash) return {};
  Json object = crd;
  object.erase("status");
  make(object, {"metadata", "annotations", kHashAnnotation}) = hash;
  WriteOptions options;
  options.manager = kManager;
  options.field_validation = FieldValidation::kIgnore;
  const ResourceRef ref{kind, "", "", name};
  if (stored == nullptr) {
    TRY(service.create(ref, std::move(object), options));
    return {};
  }
  Json patch = {{"spec", std::move(object["spec"])}};
  patch["metadata"]["annotations"] = std::move(object["metadata"]["annotations"]);
  if (object["metadata"].contains("labels")) {
    patch["metadata"]["labels"] = std::move(object["metadata"]["labels"]);
  }
  TRY(service.patch(ref, PatchType::kMerge, patch, options));
  return {};
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
  for (const Json& crd : options.builtin_kinds) kinds.put(TRY(Kind::from_crd(crd)));
  for (const ObjectPtr& crd : service.cache().list(kCrd).items) {
    TRY(register_crd(*crd->tree(), kinds));
    crd->drop_tree();
  }
  const KindPtr crd_kind = kinds.find(kCrd);
  for (const Json& crd : options.bundled_crds) {
    if (crd_kind == nullptr) {
      kinds.put(TRY(Kind::from_crd(crd)));
      continue;
    }
    TRY(ensure_crd(service, crd_kind, crd));
  }
  if (const KindPtr kind = kinds.find({"", "Namespace"})) {
    for (const std::string& name : options.namespaces) TRY(ensure_namespace(service, kind, name));
  }
  return service.resume_deletions();
}

}  // namespace capstan
