#include "runtime/trust/package_files.h"

#include <filesystem>

#include "runtime/trust/digest.h"
#include "runtime/trust/sealed_file.h"

namespace capstan {
namespace {

namespace fs = std::filesystem;

Error lost(const std::string& message) {
  return {Code::kDataLoss, message + "; install it again", {}, {}};
}

Result<void> check_file(const std::string& path, const PackageIndex::File& listed) {
  if (listed.size == 0) {
    std::error_code error;
    return fs::is_regular_file(path, error) && fs::file_size(path, error) == 0
               ? Result<void>()
               : lost(path + " has changed");
  }
  const auto file = SealedFile::read(path);
  if (!file.ok()) return lost(file.error().message);
  return file->sha256() == listed.sha256 ? Result<void>() : lost(path + " has changed");
}

}  // namespace

Result<void> check_package_files(const std::string& folder, const PackageIndex& index) {
  for (const auto& [path, listed] : index.files) TRY(check_file(folder + "/" + path, listed));
  std::error_code error;
  fs::recursive_directory_iterator all(folder, error), end;
  for (; !error && all != end; all.increment(error)) {
    std::error_code gone;  // meanwhile
    const bool link = all->is_symlink(gone);
    if (!link && all->is_directory(gone)) continue;
    const std::string path = all->path().lexically_relative(folder).generic_string();
    if (index.files.contains(path) && !link) continue;
    if (path == kIndexFile || path == std::string(kIndexFile) + kSignatureSuffix) continue;
    return lost(all->path().string() + " does not belong there");
  }
  if (error) return lost("cannot read " + folder + ": " + error.message());
  return {};
}

}  // namespace capstan
