// A package: one plugin as it is handed around, `acme-1.2.0.capstan`. An archive whose members are,
// in this order,
//
//   index.json            the list of the others with their digests (trust/package_index.h)
//   index.json.sig        the publisher's signature of that list, where there is one
//   manifest.json         the plugin's manifest, readable without the library
//   the rest by name:     acme.so or plugin.yaml and the code in Python; crds.yaml, metadata.yaml
//                         and cluster-template*.yaml as clusterctl has them
//
// Thread safety: const members from any thread.
//
// Example:
//   const Package package = TRY(Package::open("acme-1.2.0.capstan"));
//   TRY(policy.verify_index(where, sha256_hex(package.index_text()), package.signature(), now));
//   TRY(package.extract([](const ArchiveMember& member) { return store(member); }));
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/package/archive.h"
#include "runtime/plugin/manifest.h"
#include "runtime/trust/package_index.h"
#include "runtime/trust/sealed_file.h"

namespace capstan {

inline constexpr const char* kManifestFile = "manifest.json";
inline constexpr const char* kPackageSuffix = ".capstan";

class Package {
 public:
  // Reads what stands in front; the rest is read and checked by extract(). The archive is read once
  // into a sealed copy. Errors: kNotFound, kInvalid with the path.
  static Result<Package> open(const std::string& path);
  static Result<Package> from_bytes(std::string_view bytes);  // which outlive it

  const PackageIndex& index() const { return index_; }
  const std::string& index_text() const { return index_text_; }
  const std::string& signature() const { return signature_; }  // text of index.json.sig, or ""
  const Manifest& manifest() const { return manifest_; }
  const std::string& manifest_text() const { return manifest_text_; }
  const std::string& path() const { return path_; }
  std::string archive_sha256() const;

  // Every member, index and signature included, each with the digest that the index has of it.
  // Errors: kInvalid where one differs, is missing or is not in the index; those of `visit`.
  Result<void> extract(const std::function<Result<void>(const ArchiveMember&)>& visit) const;
  Result<std::vector<ArchiveMember>> members() const;

 private:
  Result<void> read_head();
  Result<void> check_manifest();
  Result<void> check(const ArchiveMember& member) const;

  std::string path_;
  std::shared_ptr<const SealedFile> file_;
  std::string_view bytes_;
  PackageIndex index_;
  std::string index_text_;
  std::string signature_;
  Manifest manifest_;
  std::string manifest_text_;
};

}  // namespace capstan
