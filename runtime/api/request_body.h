// Bodies of requests as JSON: from JSON (with what is doubled in it), YAML and protobuf.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace capstan {

struct DecodedBody {
  Json value;                           // null for an empty body
  std::vector<std::string> duplicates;  // paths that stood twice: "spec.replicas"
};

// By content type: application/json (also "" and the patch types), application/yaml,
// application/apply-patch+yaml, application/vnd.kubernetes.protobuf.
// Errors: kInvalid (malformed), kUnimplemented (another content type: 415).
Result<DecodedBody> decode_body(std::string_view content_type, std::string_view body);

// JSON whose doubled members are told; the last one counts.
Result<DecodedBody> decode_json_body(std::string_view body);

}  // namespace capstan
