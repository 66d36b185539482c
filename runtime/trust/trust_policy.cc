#include "runtime/trust/trust_policy.h"

#include <algorithm>
#include <filesystem>

#include "runtime/base/text.h"
#include "runtime/system/file.h"
#include "runtime/trust/ownership.h"
#include "runtime/trust/package_files.h"

namespace capstan {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxIndex = size_t{4} << 20;

Error denied(const std::string& path, const std::string& why) {
  return {Code::kPermissionDenied, path + ": " + why, {}, {}};
}

std::string absolute(const std::string& path) {
  std::error_code error;
  const fs::path whole = fs::absolute(path, error);
  return error ? path : whole.lexically_normal().string();
}

bool is_below(const std::string& path, const std::string& directory) {
  return directory == "/" || (path.size() > directory.size() && path.starts_with(directory) &&
                              path[directory.size()] == '/');
}

std::string real_path_of(const std::string& path) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  return error ? path : real.string();
}

Result<std::vector<std::string>> as_warnings(const std::string& path,
                                             std::vector<OwnershipProblem> problems,
                                             TrustLevel required) {
  std::vector<std::string> warnings;
  for (OwnershipProblem& problem : problems) {
    if (problem.anybody || required != TrustLevel::kNone) {
      return denied(path, "is not loaded: " + problem.message);
    }
    warnings.push_back(std::move(problem.message));
  }
  return warnings;
}

}  // namespace

Result<TrustPolicy> TrustPolicy::create(TrustConfig config) {
  TrustPolicy policy;
  for (const PublisherConfig& publisher : config.publishers) {
    const std::string where = "trust.publishers " + publisher.name + ": " + publisher.key_file;
    auto text = read_file(publisher.key_file);
    if (!text.ok()) return std::move(text).error().with_context(where);
    auto key = PublicKey::parse(*text);
    if (!key.ok()) return Error::invalid(where + " " + key.error().message);
    policy.publishers_.emplace(publisher.name, Publisher{*std::move(key), publisher.not_after});
  }
  policy.pins_ = config.digests;
  policy.config_ = std::move(config);
  return policy;
}

void TrustPolicy::pin(const std::string& path, const std::string& sha256) {
  pins_.emplace(path, sha256);  // what the operator wrote wins
}

void TrustPolicy::require_in(const std::string& directory, TrustLevel level) {
  TrustDirectory rule{absolute(directory), std::max(level, config_.require), {}};
  if (const TrustDirectory* said = directory_of(rule.path + "/x")) {
    if (said->path == rule.path) return;
    rule.require = std::max(level, said->require);
    rule.publishers = said->publishers;
  }
  config_.directories.push_back(std::move(rule));
}

const TrustDirectory* TrustPolicy::directory_of(const std::string& path) const {
  const TrustDirectory* deepest = nullptr;
  for (const TrustDirectory& directory : config_.directories) {
    if (!is_below(path, directory.path)) continue;
    if (deepest == nullptr || directory.path.size() > deepest->path.size()) deepest = &directory;
  }
  return deepest;
}

TrustLevel TrustPolicy::required(const std::string& path) const {
  const TrustDirectory* directory = directory_of(absolute(path));
  return directory == nullptr ? config_.require : directory->require;
}

const std::string* TrustPolicy::pinned(const std::string& path,
                                       const std::string& real_path) const {
  for (const std::string& name : {absolute(path), real_path}) {
    const auto pin = pins_.find(name);
    if (pin != pins_.end()) return &pin->second;
  }
  return nullptr;
}

bool TrustPolicy::demands_evidence(const std::string& path) const {
  const std::string real = real_path_of(path);
  std::error_code error;
  if (fs::is_directory(real, error)) return demands_evidence(real + "/" + kIndexFile);
  return std::max(required(path), required(real)) != TrustLevel::kNone ||
         pinned(path, real) != nullptr;
}

Result<std::vector<std::string>> TrustPolicy::check_owner(const std::string& path) const {
  return as_warnings(path, check_ownership_at(path), required(path));
}

Result<Verified> TrustPolicy::verify_signature(const std::string& path, const std::string& sha256,
                                               const Signature& signature, Instant now) const {
  if (signature.sha256 != sha256) {
    return denied(path, "is not the file that " + signature.publisher + " signed (its SHA-256 is " +
                            sha256 + ", the signature is of " + signature.sha256 +
                            "); get it anew from the publisher");
  }
  const TrustDirectory* directory = directory_of(absolute(path));
  if (directory != nullptr && !directory->publishers.empty() &&
      std::find(directory->publishers.begin(), directory->publishers.end(), signature.publisher) ==
          directory->publishers.end()) {
    return denied(path, "is signed by " + signature.publisher + ", and in " + directory->path +
                            " only " + join(directory->publishers, ", ") + " may sign");
  }
  const auto [first, last] = publishers_.equal_range(signature.publisher);
  if (first == last) {
    return denied(path, "is signed by " + signature.publisher + " (key " + signature.key_id +
                            "), which is none of trust.publishers; add its key where you trust it");
  }
  for (auto known = first; known != last; ++known) {
    const Publisher& publisher = known->second;
    if (!publisher.key.verifies(signature.signed_text(), signature.bytes)) continue;
    if (publisher.not_after && now > *publisher.not_after) {
      return denied(path, "the key " + publisher.key.id() + " of " + signature.publisher +
                              " has expired on " + format_time(*publisher.not_after) +
                              "; get the publisher's new key and a file signed with it");
    }
    return Verified{TrustLevel::kSigned, signature.publisher, publisher.key.id(), {}};
  }
  return denied(path, "the signature is not by the key of " + signature.publisher +
                          " that is trusted (" + first->second.key.id() + "); it names key " +
                          signature.key_id);
}

// Errors: kNotFound where there is no signature.
Result<Verified> TrustPolicy::signature_beside(const SealedFile& file, Instant now) const {
  const std::string path = file.path() + kSignatureSuffix;
  const std::string text = TRY(read_file(path));
  auto signature = Signature::parse(text);
  if (!signature.ok()) return denied(path, signature.error().message);
  return verify_signature(file.path(), file.sha256(), *signature, now);
}

Result<Verified> TrustPolicy::index_evidence(const SealedFile& index, Instant now) const {
  const std::string* pin = pinned(index.path(), index.real_path());
  if (pin != nullptr && *pin != index.sha256()) {
    return denied(index.path(), "has changed since the package was installed; install it again");
  }
  auto by_signature = signature_beside(index, now);
  if (by_signature.ok() || pin == nullptr) return by_signature;
  // The operator installed these bytes; a signature that is not trusted counts for nothing.
  return Verified{TrustLevel::kDigest, "", "", {}};
}

Result<Verified> TrustPolicy::listed_in_index(const SealedFile& file, const SealedFile& index,
                                              Instant now) const {
  auto listed = PackageIndex::parse(index.bytes());
  if (!listed.ok()) return denied(index.path(), listed.error().message);
  const auto entry = listed->files.find(fs::path(file.path()).filename().string());
  if (entry == listed->files.end()) {
    return denied(file.path(), "is none of the files of its package, " + index.path());
  }
  if (entry->second.sha256 != file.sha256()) {
    return denied(file.path(), "has changed since its package was made (its SHA-256 is " +
                                   file.sha256() + ", the package's is " + entry->second.sha256 +
                                   "); install the package again");
  }
  return index_evidence(index, now);
}

// What is known of the bytes; an error where something contradicts them or nothing is known.
Result<Verified> TrustPolicy::evidence(const SealedFile& file, Instant now) const {
  const std::string* pin = pinned(file.path(), file.real_path());
  if (pin != nullptr && *pin != file.sha256()) {
    return denied(file.path(), "has the SHA-256 " + file.sha256() + ", and " + *pin +
                                   " is pinned; restore the file, or pin the new one");
  }
  Result<Verified> best = signature_beside(file, now);
  if (best.code() == Code::kNotFound) {
    const std::string index_path = (fs::path(file.path()).parent_path() / kIndexFile).string();
    auto index = SealedFile::read(index_path, kMaxIndex);
    if (index.ok()) best = listed_in_index(file, *index, now);
  }
  if (best.ok() || pin == nullptr) return best;
  return Verified{TrustLevel::kDigest, "", "", {}};
}

Result<Verified> TrustPolicy::verify(const SealedFile& file, Instant now) const {
  const TrustLevel level = std::max(required(file.path()), required(file.real_path()));
  std::vector<std::string> warnings = TRY(as_warnings(file.path(), check_ownership(file), level));
  Result<Verified> known = evidence(file, now);
  const bool any = level == TrustLevel::kNone && pinned(file.path(), file.real_path()) == nullptr;
  if (any && !known.ok()) {
    if (known.code() != Code::kNotFound) warnings.push_back(known.error().message);
    known = Verified{};
  }
  if (known.code() == Code::kNotFound) {
    return denied(file.path(),
                  std::string("is not loaded: trust requires ") +
                      (level == TrustLevel::kSigned
                           ? "a signature, and there is no " + file.path() + kSignatureSuffix
                           : "a digest or a signature, and "
                             "there is neither; install it "
                             "as a package, or pin it in "
                             "trust.digests"));
  }
  if (!known.ok()) return known;
  if (known->level < level) {
    return denied(file.path(),
                  "is not loaded: trust requires a signature by a known publisher, "
                  "and there is only a digest");
  }
  known->warnings = std::move(warnings);
  return known;
}

Result<Verified> TrustPolicy::verify_folder(const std::string& folder, Instant now) const {
  const std::string index_path = folder + "/" + kIndexFile;
  const TrustLevel level =
      std::max(required(index_path), required(real_path_of(folder) + "/" + kIndexFile));
  std::vector<std::string> warnings =
      TRY(as_warnings(folder, check_ownership_below(folder), level));
  auto index = SealedFile::read(index_path, kMaxIndex);
  if (!index.ok()) {
    if (level == TrustLevel::kNone) return Verified{TrustLevel::kNone, "", "", warnings};
    return denied(folder, std::string("is not loaded: trust requires ") + trust_level_name(level) +
                              ", and it is no package (it has no index.json); pack and install it");
  }
  auto listed = PackageIndex::parse(index->bytes());
  if (!listed.ok()) return denied(folder, listed.error().message);
  if (auto files = check_package_files(folder, *listed); !files.ok()) {
    return denied(folder, files.error().message);
  }
  Result<Verified> known = index_evidence(*index, now);
  if (!known.ok() && level == TrustLevel::kNone) known = Verified{};
  if (known.code() == Code::kNotFound) {
    return denied(folder, "is not loaded: its index is neither signed nor pinned; install it");
  }
  if (!known.ok()) return known;
  if (known->level < level) {
    return denied(folder,
                  "is not loaded: trust requires a signature by a known publisher, and "
                  "there is only a digest");
  }
  known->warnings = std::move(warnings);
  return known;
}

Result<Verified> TrustPolicy::verify_index(const std::string& path, const std::string& sha256,
                                           const std::string& signature, Instant now) const {
  Result<Verified> known = Verified{};
  if (!signature.empty()) {
    auto parsed = Signature::parse(signature);
    if (!parsed.ok()) return denied(path, "its signature " + parsed.error().message);
    known = verify_signature(path, sha256, *parsed, now);
  }
  const TrustLevel level = required(path);
  if (level != TrustLevel::kSigned) return known.ok() ? known : Result<Verified>(Verified{});
  if (signature.empty()) return denied(path, "is not signed, and trust requires a signature");
  return known;
}

}  // namespace capstan
