// A ClusterResourceSetBinding: what has been applied to one cluster.
//
// Thread safety: none; values.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/object/object.h"

namespace capstan::lifecycle {

struct AppliedResource {
  std::string kind;
  std::string name;
  std::string hash;
  std::string last_applied;  // RFC 3339
  bool applied = false;
};

struct Binding {
  // By resource set.
  std::map<std::string, std::vector<AppliedResource>> sets;

  static Binding from_object(const Object* object);  // null: empty
  // spec.bindings
  Json to_json() const;

  // Added where it is missing. Lifetime: until the next call.
  AppliedResource& entry(const std::string& set, const std::string& kind, const std::string& name);
};

// Whether a resource is to be applied: once, or again for another content or after a failure.
bool needs_applying(const AppliedResource& entry, const std::string& hash, bool reconcile);

}  // namespace capstan::lifecycle
