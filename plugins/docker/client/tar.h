// Tar archives in memory (POSIX ustar), as the engine's archive calls take and give them.
//
// Thread safety: functions of values.
//
// Example:
//   std::string tar = tar_archive({{.name = "haproxy.cfg", .content = text}});
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace capstan::docker {

struct TarEntry {
  std::string name = {};  // at most 100 bytes
  std::string content = {};
  int mode = 0644;
  bool folder = false;
};

std::string tar_archive(const std::vector<TarEntry>& entries);

// Files and folders; other kinds of entries are left out, as is what follows damage. Names of
// folders end without '/'.
std::vector<TarEntry> read_tar(std::string_view tar);

}  // namespace capstan::docker
