#include "runtime/isolation/file_stamp.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "runtime/base/text.h"

namespace capstan::isolation {
namespace {

namespace fs = std::filesystem;

// What the interpreter writes beside its modules says nothing new.
constexpr const char* kCompiled = "__pycache__";

std::string stamp(const fs::directory_entry& entry) {
  std::error_code failure;
  const auto written = entry.last_write_time(failure).time_since_epoch().count();
  const auto size = entry.file_size(failure);
  return entry.path().string() + " " + std::to_string(written) + " " + std::to_string(size);
}

}  // namespace

std::string file_stamp(const std::string& path) {
  std::error_code failure;
  const fs::directory_entry entry(path, failure);
  if (!entry.is_directory(failure)) return stamp(entry);
  std::vector<std::string> stamps;
  for (auto item = fs::recursive_directory_iterator(path, failure);
       !failure && item != fs::recursive_directory_iterator(); item.increment(failure)) {
    if (item->path().filename() == kCompiled) {
      item.disable_recursion_pending();
    } else if (item->is_regular_file(failure)) {
      stamps.push_back(stamp(*item));
    }
  }
  std::sort(stamps.begin(), stamps.end());
  return join(stamps, "\n");
}

}  // namespace capstan::isolation
