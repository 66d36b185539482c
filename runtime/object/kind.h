// What the runtime knows of a kind: names, versions, schemas, columns, subresources, conversion. It
// is read from a CustomResourceDefinition, so bundled kinds, providers' kinds and users' CRDs are
// the same to everything else.
//
// Thread safety: Kind is immutable; KindRegistry from any thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/object/object_key.h"

namespace capstan {

struct PrinterColumn {
  std::string name;
  std::string type;  // string, integer, number, boolean, date
  std::string format;
  std::string description;
  int priority = 0;       // > 0: only with -o wide
  std::string json_path;  // ".status.phase"
  std::string compute;    // name of a computed cell of a builtin kind, instead of json_path
};

struct ScaleSubresource {
  std::string spec_replicas_path;
  std::string status_replicas_path;
  std::string label_selector_path;  // "" where there is none
};

struct KindVersion {
  std::string name;  // "v1beta2"
  bool served = true;
  bool storage = false;
  bool deprecated = false;
  std::string deprecation_warning;
  // openAPIV3Schema, as text: a tree takes ten times the memory, and most schemas are never used.
  std::shared_ptr<const std::string> schema;
  bool status_subresource = false;
  std::optional<ScaleSubresource> scale;
  std::vector<PrinterColumn> columns;
};

struct Kind {
  GroupKind id;
  std::string plural;
  std::string singular;
  std::string list_kind;
  std::vector<std::string> short_names;
  std::vector<std::string> categories;
  bool namespaced = true;
  std::vector<KindVersion> versions;
  std::shared_ptr<const Json> conversion;  // rules between versions; null where there are none
  bool builtin =
      false;  // the server's own kind: not listed as a CRD, takes strategic merge patches
  // Where objects of this kind are kept as the same kind of another apiVersion: "v1" for the
  // events.k8s.io Event. "" for all others.
  std::string stored_as;
  std::vector<std::string> extra_subresources;             // "eviction", "log": answered by routes
  std::map<std::string, std::string, std::less<>> labels;  // the CRD's, with the contract labels

  // Precondition of a Kind: exactly one storage version.
  const KindVersion& storage_version() const;
  const KindVersion* version(std::string_view name) const;  // null where unknown
  std::string api_version() const;                          // "group/storage-version"
  std::string crd_name() const { return id.group.empty() ? plural : plural + "." + id.group; }
  // The kind under which objects are found in the store and the cache.
  GroupKind stored_id() const;

  // Errors: kInvalid with the field.
  static Result<std::shared_ptr<const Kind>> from_crd(const Json& crd);
  // The same from an Object's text; the schemas are cut out without being parsed.
  static Result<std::shared_ptr<const Kind>> from_crd_text(std::string_view compact_json);
};
using KindPtr = std::shared_ptr<const Kind>;

class KindRegistry {
 public:
  // Adds or replaces.
  void put(KindPtr kind);
  void remove(const GroupKind& id);

  KindPtr find(const GroupKind& id) const;  // null where unknown
  KindPtr find_resource(const std::string& group, const std::string& plural) const;
  std::vector<KindPtr> all() const;  // sorted by group, then kind
  // Grows with every change; discovery documents are cached by it.
  uint64_t generation() const;

 private:
  mutable std::mutex mutex_;
  std::map<GroupKind, KindPtr> kinds_;
  std::map<std::pair<std::string, std::string>, GroupKind> by_plural_;
  uint64_t generation_ = 1;
};

}  // namespace capstan
