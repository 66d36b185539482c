// No bytes crash the reader of packages, make it write outside of a package or take more than its
// limits. The input is tried as an archive and, so that changes reach behind the checksum of the
// compression, as each of the texts inside one.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "runtime/package/lock_file.h"
#include "runtime/package/package.h"
#include "runtime/trust/signature.h"

namespace {

constexpr capstan::ArchiveLimits kLimits = {
    .members = 100, .member_size = 1 << 20, .total_size = 4 << 20};

void check(const std::string& path, const std::string& content) {
  if (!capstan::is_package_path(path) || content.size() > kLimits.member_size) abort();
}

void read(std::string_view bytes) {
  (void)capstan::read_archive(
      bytes,
      [](std::string path, std::string content) -> capstan::Result<bool> {
        check(path, content);
        return true;
      },
      kLimits);
  if (const auto package = capstan::Package::from_bytes(bytes); package.ok()) {
    (void)package->members();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read(bytes);
  if (const auto index = capstan::PackageIndex::parse(bytes); index.ok()) {
    for (const auto& [path, file] : index->files) check(path, "");
  }
  (void)capstan::Signature::parse(bytes);
  if (const auto plugins = capstan::parse_lock_file(bytes, "/data"); plugins.ok()) {
    for (const auto& plugin : *plugins) {
      if (!plugin.folder.starts_with("/data/") || plugin.folder.find("/..") != std::string::npos) {
        abort();
      }
    }
  }
  return 0;
}
