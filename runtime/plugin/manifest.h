// A plugin's manifest (docs/abi.md), checked: what it is called, which kinds it brings and
// reconciles, and what it needs of the host.
//
// Thread safety: values.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/object/object_key.h"

namespace capstan {

// clusterctl's inventory entry: {"InfrastructureProvider", "docker"}.
struct ProviderEntry {
  std::string type;
  std::string name;
};

enum class ProviderRole {
  kResource,
  kInfraCluster,
  kInfraMachine,
  kBootstrapConfig,
  kControlPlane
};

// Objects given with each request.
struct Relation {
  enum class Select { kOwned, kCluster, kReference };
  std::string name;
  GroupKind kind;  // for kReference, members may be empty: the reference says
  Select select = Select::kOwned;
  std::vector<std::string> path;  // kReference: member names to the reference, e.g. {spec, poolRef}
  bool operator==(const Relation&) const = default;
};

// "only objects where this holds".
struct When {
  std::vector<std::string> path;
  std::optional<bool> exists;
  std::optional<Json> equals;
  bool operator==(const When&) const = default;
};

struct ReconcileEntry {
  GroupKind kind;
  ProviderRole role = ProviderRole::kResource;
  std::optional<When> when;
  std::vector<Relation> relations;
  int concurrency = 10;
  Duration timeout = std::chrono::seconds(60);  // the deadline of one call
  bool operator==(const ReconcileEntry&) const = default;
};

// Kinds that a plugin may read, or read and write; "*" stands for any group or kind.
struct ObjectAccess {
  GroupKind kind;
  bool write = false;
  bool operator==(const ObjectAccess&) const = default;
};

struct Needs {
  std::vector<ObjectAccess> objects;
  std::vector<std::string> secrets;
  std::vector<std::string> hosts;
  std::vector<std::string> paths;
  bool listen = false;  // on ports of the loopback interface
  bool workload = false;
};

// CustomResourceDefinitions, shared by all copies of a manifest: they are large, and a manifest is
// handed to whoever needs a small part of it. Nobody changes them.
class KindDocuments {
 public:
  KindDocuments() = default;
  explicit KindDocuments(std::vector<Json> documents)
      : owned_(std::make_shared<const std::vector<Json>>(std::move(documents))) {}

  operator std::span<const Json>() const { return all(); }
  auto begin() const { return all().begin(); }
  auto end() const { return all().end(); }
  size_t size() const { return all().size(); }
  bool empty() const { return all().empty(); }

 private:
  std::span<const Json> all() const {
    return owned_ == nullptr ? std::span<const Json>() : std::span<const Json>(*owned_);
  }
  std::shared_ptr<const std::vector<Json>> owned_;
};

struct Manifest {
  std::string id;
  std::string name;
  std::string version;
  uint32_t abi_major = 0;
  uint32_t abi_min_minor = 0;
  uint32_t abi_max_minor = 0;
  std::vector<ProviderEntry> providers;
  KindDocuments kinds;
  std::vector<ReconcileEntry> reconciles;
  std::vector<GroupKind> admits;
  Needs needs;
  Json settings_schema;  // null where there is none
  std::map<std::string, std::string> templates;
  std::string status;
  std::string security_posture;

  // Kinds that it brings or reconciles: those it may read and write without asking.
  bool owns(const GroupKind& kind) const;
  bool may_read(const GroupKind& kind) const;
  bool may_write(const GroupKind& kind) const;
};

// Errors: kInvalid; every member that is wrong is named with its JSON pointer in `fields`.
Result<Manifest> parse_manifest(std::string_view text);
Result<Manifest> manifest_from_json(Json json);

}  // namespace capstan
