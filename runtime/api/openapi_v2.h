// OpenAPI v2, for clients that ask it what v3 tells in full: kubectl before 1.29 looks there before
// each write for whether the server validates fields and takes dry runs, and later ones where v3
// does not know a kind. The document has the patch of each kind with its parameters, and no
// schemas.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/api/served_kinds.h"

namespace capstan {

// As kubectl reads it: message openapi.v2.Document of gnostic's openapiv2/OpenAPIv2.proto.
constexpr std::string_view kOpenApiV2Protobuf =
    "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

std::string openapi_v2_json(const std::vector<ServedGroup>& groups);
std::string openapi_v2_protobuf(const std::vector<ServedGroup>& groups);

// Whether the Accept header asks for protobuf (older clients write "v2@v1.0" for "v2.v1.0").
bool wants_openapi_protobuf(std::string_view accept);

}  // namespace capstan
