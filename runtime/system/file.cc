#include "runtime/system/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "runtime/system/file_descriptor.h"

namespace capstan {
namespace {

Error file_error(const char* action, const std::string& path, int error) {
  Code code = Code::kUnavailable;
  if (error == ENOENT || error == ENOTDIR) code = Code::kNotFound;
  if (error == EACCES || error == EPERM || error == EROFS) code = Code::kPermissionDenied;
  if (error == ENOSPC || error == EDQUOT) code = Code::kResourceExhausted;
  return {code, std::string("cannot ") + action + " " + path + ": " + std::strerror(error), {}, {}};
}

Result<void> write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return file_error("write", path, errno);
    content.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

// A file's name is the folder's: without this a power cut may take the rename back.
Result<void> sync_folder_of(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const std::string folder = parent.empty() ? "." : parent;
  const FileDescriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() < 0 || ::fsync(opened.get()) != 0) return file_error("write", folder, errno);
  return {};
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return file_error("read", path, errno);
  std::string content;
  char block[16384];
  while (true) {
    const ssize_t count = ::read(file.get(), block, sizeof block);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_error("read", path, errno);
    if (count == 0) return content;
    content.append(block, static_cast<size_t>(count));
  }
}

Result<void> write_file(const std::string& path, std::string_view content, unsigned mode) {
  std::string temporary = path + ".XXXXXX";
  const FileDescriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.get() < 0) return file_error("write", path, errno);
  Result<void> written = write_all(file.get(), content, path);
  if (written.ok() && ::fchmod(file.get(), static_cast<mode_t>(mode)) != 0) {
    written = file_error("set the mode of", path, errno);
  }
  if (written.ok() && ::fsync(file.get()) != 0) written = file_error("write", path, errno);
  if (written.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) {
    written = file_error("write", path, errno);
  }
  if (!written.ok()) {
    ::unlink(temporary.c_str());
    return written;
  }
  return sync_folder_of(path);
}

Result<void> make_folder(const std::string& path, unsigned mode) {
  const std::filesystem::path folder(path);
  std::error_code error;
  if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path(), error);
  if (error) return file_error("make the folder", path, error.value());
  if (::mkdir(path.c_str(), static_cast<mode_t>(mode)) == 0) return {};
  if (errno == EEXIST && std::filesystem::is_directory(folder, error)) return {};
  return file_error("make the folder", path, errno);
}

bool file_exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

}  // namespace capstan
