#include "runtime/package/package.h"

#include <set>

#include "runtime/trust/digest.h"

namespace capstan {
namespace {

const std::string kSignatureFile = std::string(kIndexFile) + kSignatureSuffix;

}  // namespace

Result<Package> Package::open(const std::string& path) {
  auto file = std::make_shared<const SealedFile>(TRY(SealedFile::read(path)));
  auto package = from_bytes(file->bytes());
  if (!package.ok()) return std::move(package).error().with_context(path);
  package->path_ = path;
  package->file_ = std::move(file);
  return package;
}

Result<Package> Package::from_bytes(std::string_view bytes) {
  Package package;
  package.bytes_ = bytes;
  TRY(package.read_head());
  TRY(package.check_manifest());
  return package;
}

std::string Package::archive_sha256() const {
  return file_ == nullptr ? sha256_hex(bytes_) : file_->sha256();
}

Result<void> Package::read_head() {
  size_t position = 0;
  TRY(read_archive(bytes_, [&](std::string path, std::string content) -> Result<bool> {
    if (position++ == 0) {
      if (path != kIndexFile) {
        return Error::invalid(std::string("is no package: its first member is ") + path +
                              ", not index.json; `capstan plugin pack` makes one");
      }
      index_ = TRY(PackageIndex::parse(content));
      index_text_ = std::move(content);
    } else if (path == kSignatureFile) {
      signature_ = std::move(content);
    } else if (path == kManifestFile) {
      manifest_text_ = std::move(content);
    }
    return manifest_text_.empty() && position < 3;
  }));
  if (manifest_text_.empty()) return Error::invalid("is no package: it has no manifest.json");
  return check({kManifestFile, manifest_text_});
}

Result<void> Package::check_manifest() {
  manifest_ = TRY(parse_manifest(manifest_text_));
  if (manifest_.name == index_.name && manifest_.version == index_.version) return {};
  return Error::invalid("its index is of " + index_.name + " " + index_.version +
                        ", and its manifest of " + manifest_.name + " " + manifest_.version);
}

Result<void> Package::check(const ArchiveMember& member) const {
  if (member.path == kIndexFile || member.path == kSignatureFile) return {};
  const auto listed = index_.files.find(member.path);
  if (listed == index_.files.end()) {
    return Error::invalid("member " + member.path + " is not in the package's index");
  }
  if (listed->second.size == member.content.size() &&
      listed->second.sha256 == sha256_hex(member.content)) {
    return {};
  }
  return Error::invalid("member " + member.path +
                        " is not what the package's index says; the package was changed");
}

Result<void> Package::extract(
    const std::function<Result<void>(const ArchiveMember&)>& visit) const {
  size_t found = 0;
  const auto read =
      read_archive(bytes_, [&](std::string path, std::string content) -> Result<bool> {
        const ArchiveMember member{std::move(path), std::move(content)};
        TRY(check(member));
        // The archive has no name twice, so counting is enough.
        if (index_.files.contains(member.path)) ++found;
        TRY(visit(member));
        return true;
      });
  if (!read.ok()) return path_.empty() ? read : Error(read.error()).with_context(path_);
  if (found == index_.files.size()) return {};
  return Error::invalid(path_ + ": lacks " + std::to_string(index_.files.size() - found) +
                        " of the files in its index; get it anew");
}

Result<std::vector<ArchiveMember>> Package::members() const {
  std::vector<ArchiveMember> all;
  TRY(extract([&](const ArchiveMember& member) -> Result<void> {
    all.push_back(member);
    return {};
  }));
  return all;
}

}  // namespace capstan
