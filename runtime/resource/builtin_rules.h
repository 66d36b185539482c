// What the builtin kinds do on a write besides their schema, as Kubernetes' own registry does it.
//
// Thread safety: pure functions.
#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/object/kind.h"

namespace capstan {

inline constexpr std::string_view kNamespaceFinalizer = "kubernetes";

// Defaults and checks; `old` is null on create. Errors: kInvalid with the field.
Result<void> apply_builtin_rules(const Kind& kind, Json& object, const Json* old);

bool is_namespace_kind(const GroupKind& id);
bool is_crd_kind(const GroupKind& id);

// Whether an update must name the resourceVersion that it is based on.
bool needs_resource_version(const Kind& kind);
// Whether a create drops the status that was sent.
bool create_drops_status(const Kind& kind, const KindVersion& version);

}  // namespace capstan
