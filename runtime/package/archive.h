// The container of a package: a gzip-compressed tar of plain files. Writing the same members gives
// the same bytes on every host and at every time.
//
// Reading trusts nothing: only plain files with is_package_path() names, none twice (not even in
// another case), no links, devices, sparse files or further compression, everything bounded.
//
// Thread safety: free functions.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace capstan {

struct ArchiveMember {
  std::string path;
  std::string content;
};

struct ArchiveLimits {
  size_t members = 5000;
  uint64_t member_size = uint64_t{256} << 20;
  uint64_t total_size = uint64_t{512} << 20;
};

// In the order given. Errors: kInvalid for a name that is no package path, or is there twice.
Result<std::string> write_archive(const std::vector<ArchiveMember>& members);

// Calls `visit` for each member in order, until it gives false or an error.
// Errors: kInvalid with the member and what is wrong with it; those of `visit`.
using ArchiveVisitor = std::function<Result<bool>(std::string path, std::string content)>;
Result<void> read_archive(std::string_view bytes, const ArchiveVisitor& visit,
                          const ArchiveLimits& limits = {});

}  // namespace capstan
