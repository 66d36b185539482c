// The parts of an OpenAPI v3 document: the schema of a kind and the operations on its objects.
//
// Thread safety: pure functions.
#pragma once

#include "runtime/api/served_kinds.h"
#include "runtime/base/json.h"

namespace capstan {

// "io.x-k8s.cluster.v1beta2.Machine"; "io.k8s.api.core.v1.Secret" for the server's own kinds.
std::string schema_name(const ServedKind& served);

// The kind's schema with apiVersion, kind and metadata, and its group, version and kind.
Json kind_schema(const ServedKind& served);

// {"group": ..., "version": ..., "kind": ...}
Json group_version_kind(const ServedKind& served);

// "/apis/cluster.x-k8s.io/v1beta2/namespaces/{namespace}/machines"
std::string collection_path(const ServedKind& served);

// Adds the kind's paths; clients look there for what the operations take (fieldValidation, dryRun).
void add_kind_paths(const ServedKind& served, Json& paths);

// ObjectMeta and what it refers to.
Json metadata_schemas();

}  // namespace capstan
