// CustomResourceDefinitions: checks, names, conditions, and the kinds that come of them.
//
// Thread safety: pure functions but for the registry, which has its own lock.
#pragma once

#include "runtime/base/clock.h"
#include "runtime/object/kind.h"
#include "runtime/object/object.h"

namespace capstan {

inline constexpr std::string_view kCrdFinalizer = "customresourcecleanup.apiextensions.k8s.io";

// Defaults the names, checks names and versions, compiles the schemas, and sets the status:
// conditions NamesAccepted and Established, acceptedNames, storedVersions. `old` is null on create.
// Errors: kInvalid with the fields.
Result<void> prepare_crd(const Kind& crd_kind, Json& crd, const Json* old,
                         const KindRegistry& kinds, Instant now);

// Takes the kind of a stored CRD into the registry, or out of it where its names were not accepted.
Result<void> register_crd(const Object& crd, KindRegistry& kinds);

GroupKind crd_group_kind(const Json& crd);

}  // namespace capstan
