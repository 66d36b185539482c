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
  for (const auto& entry : fs::recursive_directory_iterator(folder, error)) {
    const std::string path = entry.path().lexically_relative(folder).generic_string();
    if (entry.is_directory() && !entry.is_symlink()) continue;
    if (index.files.contains(path) && !entry.is_symlink()) continue;
    if (path == kIndexFile || path == std::string(kIndexFile) + kSignatureSuffix) continue;
    return lost(entry.path().string() + " does not belong there");
  }
  return error ? Result<void>(lost("cannot read " + folder + ": " + error.message()))
               : Result<void>();
}

}  // namespace capstan
