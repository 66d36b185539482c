// How sets of objects are ordered and searched by what the objects themselves say, so that no key
// is stored beside them.
//
// Thread safety: functions of their arguments.
#pragma once

#include <set>
#include <string_view>
#include <tuple>

#include "runtime/object/object.h"

namespace capstan {

// Within one kind: by namespace, then name.
struct NameView {
  std::string_view ns;
  std::string_view name;
  auto operator<=>(const NameView&) const = default;
};

inline NameView name_of(const Object& object) {
  return {object.meta().ns, object.meta().name};
}

struct ByName {
  using is_transparent = void;
  static NameView view(const ObjectPtr& object) { return name_of(*object); }
  static NameView view(const NameView& name) { return name; }
  template <typename A, typename B>
  bool operator()(const A& a, const B& b) const {
    return view(a) < view(b);
  }
};
using ObjectsByName = std::set<ObjectPtr, ByName>;

// Among all kinds: by kind, group, namespace, then name. The version is no part of it.
struct KeyView {
  std::string_view kind;
  std::string_view group;
  NameView name;
  auto operator<=>(const KeyView&) const = default;
};

inline std::string_view group_of(const Object& object) {
  const std::string_view version = object.api_version();
  const size_t slash = version.find('/');
  return slash == std::string_view::npos ? std::string_view() : version.substr(0, slash);
}

struct ByKey {
  using is_transparent = void;
  static KeyView view(const ObjectPtr& object) {
    return {object->kind(), group_of(*object), name_of(*object)};
  }
  static KeyView view(const ObjectKey& key) {
    return {key.kind.kind, key.kind.group, {key.ns, key.name}};
  }
  template <typename A, typename B>
  bool operator()(const A& a, const B& b) const {
    return view(a) < view(b);
  }
};
using ObjectsByKey = std::set<ObjectPtr, ByKey>;

}  // namespace capstan
