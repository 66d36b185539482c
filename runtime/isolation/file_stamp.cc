#include "runtime/isolation/file_stamp.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <vector>

#include "runtime/base/text.h"

namespace capstan::isolation {
namespace {

namespace fs = std::filesystem;

// What the interpreter writes beside its modules says nothing new.
constexpr const char* kCompiled = "__pycache__";

// The time of change as well: packages may come with a time of writing that is always the same.
std::string stamp(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return path.string() + " none";
  std::ostringstream out;
  out << path.string() << ' ' << status.st_dev << ' ' << status.st_ino << ' ' << status.st_size;
  for (const timespec& time : {status.st_mtim, status.st_ctim}) {
    out << ' ' << time.tv_sec << '.' << time.tv_nsec;
  }
  return out.str();
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
      stamps.push_back(stamp(item->path()));
    }
  }
  std::sort(stamps.begin(), stamps.end());
  return join(stamps, "\n");
}

}  // namespace capstan::isolation
