// Everything that can be said of a plugin's file, package or folder without running any of its
// code: `capstan plugin inspect` and `verify` print it, `doctor` goes through all of them.
//
// Thread safety: values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/plugin/elf_lint.h"
#include "runtime/plugin/manifest.h"
#include "runtime/trust/trust_policy.h"

namespace capstan {

struct Inspection {
  std::string path;
  std::string type;  // "library", "package"
  uint64_t size = 0;
  std::string sha256;
  std::optional<Manifest> manifest;
  std::string manifest_problem;  // why there is none, or why this program does not speak its ABI
  std::optional<ElfFile> elf;    // of the library; none for a plugin in Python
  std::vector<LintFinding> findings;
  std::vector<std::string> files;  // of a package

  // The signature beside the file or in the package, and what the policy says of the file.
  std::optional<Signature> signature;
  Verified verified;
  std::string trust_problem;

  // Whether the loader would take it.
  bool loads() const;
  Json to_json() const;
};

// Errors: kNotFound, kPermissionDenied, kInvalid where it is neither a library nor a package.
Result<Inspection> inspect_plugin(const std::string& path, const TrustPolicy& policy, Instant now);

}  // namespace capstan
