#include "runtime/isolation/file_stamp.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "runtime/base/text.h"
#include "runtime/plugin/file_identity.h"

namespace capstan::isolation {
namespace {

namespace fs = std::filesystem;

// What the interpreter writes beside its modules says nothing new.
constexpr const char* kCompiled = "__pycache__";

std::string stamp(const std::string& path) {
  return path + " " + file_identity(path);
}

}  // namespace

std::string file_stamp(const std::string& path) {
  std::error_code failure;
  if (!fs::is_directory(path, failure)) return stamp(path);
  std::vector<std::string> stamps;
  constexpr auto kSkip = fs::directory_options::skip_permission_denied;
  for (auto item = fs::recursive_directory_iterator(path, kSkip, failure);
       !failure && item != fs::recursive_directory_iterator(); item.increment(failure)) {
    if (item->path().filename() == kCompiled) {
      item.disable_recursion_pending();
    } else if (item->is_regular_file(failure)) {
      stamps.push_back(stamp(item->path().string()));
    }
  }
  std::sort(stamps.begin(), stamps.end());
  return join(stamps, "\n");
}

}  // namespace capstan::isolation
