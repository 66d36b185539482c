// Makes packages, and signs them.
//
// Thread safety: free functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/package/package.h"
#include "runtime/trust/signature.h"

namespace capstan {

struct PackSource {
  std::string path;                // a library, or the folder of a plugin in Python
  std::string metadata_file = {};  // clusterctl's metadata.yaml; "" writes one from the manifest
  std::vector<std::string> extra_files = {};  // put beside the others, by file name
};

// What an author signs with.
struct Signer {
  const PrivateKey& key;
  std::string publisher;
};

struct PackedFile {
  std::string file_name;  // "acme-1.2.0.capstan"
  std::string bytes;
  Manifest manifest;
  std::vector<ArchiveMember> members;  // what a repository shows beside the archive
};

// Errors: what is wrong with the plugin (as the loader would say it) or with a file.
Result<PackedFile> pack_plugin(const PackSource& source, const Signer* signer, Instant now);

// The package with a signature in the place of the one that it may have.
Result<std::string> sign_package(const Package& package, const Signer& signer, Instant now);

// clusterctl's metadata.yaml of a plugin: one release series with the contract that its kinds say.
std::string metadata_of(const Manifest& manifest);

}  // namespace capstan
