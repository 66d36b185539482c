// Decides whether a plugin's file may be loaded: who could have changed it, who vouches for it, and
// whether its bytes are the ones that were meant.
//
// A file is vouched for by FILE.sig beside it, or by its package: `index.json` in its folder lists
// its digest, and index.json.sig signs the list. A digest is meant where the config or the lock
// file of installed packages has it.
//
// | require | its bytes | owner and mode of file and folders |
// |---|---|---|
// | signed | signed by a known publisher whose key has not expired | only root or the running user
// | | digest | as pinned, or signed as above | only root or the running user | | none | any | an
// error where anybody could write, else a warning |
//
// A file with a pinned digest must have it, whatever is required.
//
// Thread safety: const members from any thread.
//
// Example:
//   const SealedFile file = TRY(SealedFile::read(path));
//   const Verified verified = TRY(policy.verify(file, clock.now()));
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/trust/ed25519.h"
#include "runtime/trust/package_index.h"
#include "runtime/trust/sealed_file.h"
#include "runtime/trust/signature.h"
#include "runtime/trust/trust_config.h"

namespace capstan {

// Why a file was accepted.
struct Verified {
  TrustLevel level = TrustLevel::kNone;  // what is known, at least what was required
  std::string publisher;                 // of a good signature, else ""
  std::string key_id;
  std::vector<std::string> warnings;
};

class TrustPolicy {
 public:
  // Requires nothing.
  TrustPolicy() = default;
  // Reads the publishers' keys. Errors: kNotFound, kInvalid with the publisher and its file.
  static Result<TrustPolicy> create(TrustConfig config);

  // A digest of the lock file. `path` is a file's or a package's index's.
  void pin(const std::string& path, const std::string& sha256);
  // At least this of all files below the directory, where the config does not name it itself.
  void require_in(const std::string& directory, TrustLevel level);

  // By the deepest directory that is named.
  TrustLevel required(const std::string& path) const;

  // Whether bytes and evidence matter for the path. Where they do not, check_owner() is all.
  bool demands_evidence(const std::string& path) const;
  // Warnings. Errors: kPermissionDenied where anybody could write the file or a folder above it.
  Result<std::vector<std::string>> check_owner(const std::string& path) const;

  // Errors: kPermissionDenied with the file, what is wrong and what to do.
  Result<Verified> verify(const SealedFile& file, Instant now) const;

  // A plugin that is a folder of files, which are read when they are needed: as a package, each
  // file against the index, and no other file there. What happens to the folder afterwards is up to
  // its owner and mode.
  Result<Verified> verify_folder(const std::string& folder, Instant now) const;

  // The index of a package (in an archive, without a place in the file system) and its signature's
  // text ("" where it has none), as a file at `path` would be verified.
  Result<Verified> verify_index(const std::string& path, const std::string& sha256,
                                const std::string& signature, Instant now) const;

  // Whether the signature is by a publisher that is trusted for the path. Errors: kPermissionDenied
  // with the reason.
  Result<Verified> verify_signature(const std::string& path, const std::string& sha256,
                                    const Signature& signature, Instant now) const;

 private:
  struct Publisher {
    PublicKey key;
    std::optional<Instant> not_after;
  };
  const TrustDirectory* directory_of(const std::string& path) const;
  const std::string* pinned(const std::string& path, const std::string& real_path) const;
  Result<Verified> evidence(const SealedFile& file, Instant now) const;
  Result<Verified> signature_beside(const SealedFile& file, Instant now) const;
  Result<Verified> index_evidence(const SealedFile& index, Instant now) const;
  Result<Verified> listed_in_index(const SealedFile& file, const SealedFile& index,
                                   Instant now) const;

  TrustConfig config_;
  std::multimap<std::string, Publisher> publishers_;
  std::map<std::string, std::string> pins_;
};

}  // namespace capstan
