#include "runtime/plugin/file_identity.h"

#include <sys/stat.h>

#include <sstream>

namespace capstan {

std::string file_identity(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return "";
  std::ostringstream out;
  out << status.st_dev << ':' << status.st_ino << ':' << status.st_size << ':'
      << status.st_mtim.tv_sec << '.' << status.st_mtim.tv_nsec << ':' << status.st_ctim.tv_sec
      << '.' << status.st_ctim.tv_nsec;
  return out.str();
}

}  // namespace capstan
