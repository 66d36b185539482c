// Names of things: what a kind is called and what an object of it is called.
//
// Thread safety: values.
#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace capstan {

// A kind without its version: {"cluster.x-k8s.io", "Machine"}; the core group is "".
struct GroupKind {
  std::string group;
  std::string kind;
  auto operator<=>(const GroupKind&) const = default;
  std::string text() const { return group.empty() ? kind : kind + "." + group; }
};

// Where an object is found. Cluster-scoped objects have an empty ns.
struct ObjectKey {
  GroupKind kind;
  std::string ns;
  std::string name;
  auto operator<=>(const ObjectKey&) const = default;
  // "Machine.cluster.x-k8s.io default/worker-1", for logs and errors.
  std::string text() const;
};

// "cluster.x-k8s.io/v1beta2" -> {"cluster.x-k8s.io", "v1beta2"}; "v1" -> {"", "v1"}.
struct GroupVersion {
  std::string group;
  std::string version;
  auto operator<=>(const GroupVersion&) const = default;
  static GroupVersion parse(std::string_view api_version);
  std::string text() const { return group.empty() ? version : group + "/" + version; }
};

}  // namespace capstan

template <>
struct std::hash<capstan::ObjectKey> {
  size_t operator()(const capstan::ObjectKey& key) const noexcept;
};
template <>
struct std::hash<capstan::GroupKind> {
  size_t operator()(const capstan::GroupKind& kind) const noexcept;
};
