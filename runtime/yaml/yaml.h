// YAML text to JSON values and back: manifests, configuration, kubeconfigs.
//
// Scalars have YAML 1.2's core types: `yes`, `on` and `012` stay what they look like (strings, and
// the number 12). Merge keys (`<<`) are resolved. Anchors may be used, within limits that keep a
// small text from becoming a large value.
//
// Thread safety: free functions without state.
//
// Example:
//   for (const Json& manifest : TRY(parse_yaml_documents(text))) ...
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace capstan {

struct YamlLimits {
  int depth = 100;            // levels of nesting
  size_t nodes = 1'000'000;   // values, with those that aliases repeat
  size_t repeated = 8 << 20;  // bytes of texts that anchors keep and aliases repeat
};

// All documents of the text; empty ones are left out. JSON is YAML too.
// Errors: kInvalid with line and column (malformed text, a key twice in one map, a key that is no
// scalar, a number that JSON does not have, a limit).
Result<std::vector<Json>> parse_yaml_documents(std::string_view text,
                                               const YamlLimits& limits = {});

// Exactly one document; null for an empty text. Errors: as above, or more than one document.
Result<Json> parse_yaml(std::string_view text, const YamlLimits& limits = {});

// Block style, two spaces a level, keys in order; ends in a newline. What it writes, every YAML 1.1
// and 1.2 reader reads as the same value.
std::string dump_yaml(const Json& value);

}  // namespace capstan
