// A plugin's file, judged without loading it: its manifest, whether this host speaks its ABI, and
// whether the library keeps the ABI's rules for a library.
//
// Thread safety: pure functions.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/plugin/elf.h"
#include "runtime/plugin/manifest.h"
#include "runtime/trust/trust_policy.h"

namespace capstan {

struct PluginFile {
  std::string path;  // a library, or a folder (plugin_folder.h)
  Manifest manifest;
  std::string manifest_text;
  std::vector<std::string> warnings;  // of its own, not fatal: "cannot be unloaded: ..."
  std::string library;  // what is loaded: `path`, or what runs plugins of the folder's language
  std::string library_manifest_sha256;  // of the text in which the library describes itself
  // The library's bytes that were verified, which are then those to load; null where trust demands
  // nothing of it and it is loaded from its path.
  std::shared_ptr<const SealedFile> image = {};
  Verified verified = {};  // with what trust warns of

  bool is_folder() const { return library != path; }

  // As it was read and judged here, for a process that is to load it. There, where bytes were
  // verified exactly those are loaded. Errors: kFailedPrecondition where they have changed.
  Json to_json() const;
  // The same for a process that only tries the library out: of the manifest, which may be large,
  // it gets who the plugin is and its ABI.
  Json to_brief_json() const;
  static Result<PluginFile> from_json(const Json& json);
};

// Errors: what is wrong and what to do, with the path.
Result<PluginFile> read_plugin_file(const std::string& path);

// The same of a file that is about to be loaded: verified as the policy demands, before anything of
// it is looked at. Errors: also kPermissionDenied.
// `before`: what was read of the same file, which is still as it was then. Trust judges anew, also
// the bytes of its image; they are not read again where trust demands no more than it did then.
Result<PluginFile> open_plugin_file(const std::string& path, const TrustPolicy& trust, Instant now,
                                    const PluginFile* before = nullptr);

// The minor that both sides work with: the lower of the two highest. Errors: kFailedPrecondition
// with both ranges, where the major differs or the ranges do not meet.
Result<uint32_t> negotiate_abi(uint32_t major, uint32_t min_minor, uint32_t max_minor);

}  // namespace capstan
