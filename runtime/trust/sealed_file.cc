#include "runtime/trust/sealed_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "runtime/trust/digest.h"

namespace capstan {
namespace {

constexpr size_t kBlock = size_t{256} << 10;
constexpr unsigned kNoExecSeal = 0x0008U;  // MFD_NOEXEC_SEAL of Linux 6.3

Error file_error(const std::string& path, const char* action) {
  const int code = errno;
  Code kind = Code::kUnavailable;
  if (code == ENOENT || code == ENOTDIR) kind = Code::kNotFound;
  if (code == EACCES || code == EPERM || code == ELOOP) kind = Code::kPermissionDenied;
  return {kind, std::string("cannot ") + action + " " + path + ": " + std::strerror(code), {}, {}};
}

// Mapped as code by the dynamic linker, never started as a program: so without the x bit where the
// kernel knows that. An older one refuses the flag.
FileDescriptor memory_file(const std::string& name) {
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  FileDescriptor file(::memfd_create(name.c_str(), kFlags | kNoExecSeal));
  if (!file.valid() && errno == EINVAL) file = FileDescriptor(::memfd_create(name.c_str(), kFlags));
  return file;
}

bool write_all(int fd, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t count = ::write(fd, data, size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    data += count;
    size -= static_cast<size_t>(count);
  }
  return true;
}

}  // namespace

SealedFile::SealedFile(SealedFile&& other) noexcept
    : path_(std::move(other.path_)),
      real_path_(std::move(other.real_path_)),
      sha256_(std::move(other.sha256_)),
      owner_(other.owner_),
      group_(other.group_),
      mode_(other.mode_),
      memory_(std::move(other.memory_)),
      bytes_(std::exchange(other.bytes_, {})) {}

SealedFile::~SealedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

std::string SealedFile::load_path() const {
  return "/proc/self/fd/" + std::to_string(memory_.get());
}

Result<SealedFile> SealedFile::read(const std::string& path, size_t limit) {
  // Without O_NONBLOCK a pipe of that name would make this wait for its writer.
  const FileDescriptor source(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!source.valid()) return file_error(path, "open");
  struct stat status {};
  if (::fstat(source.get(), &status) != 0) return file_error(path, "stat");
  if (!S_ISREG(status.st_mode)) return Error::invalid(path + " is no regular file");
  SealedFile file;
  file.path_ = path;
  file.owner_ = status.st_uid;
  file.group_ = status.st_gid;
  file.mode_ = status.st_mode;
  std::error_code error;
  const auto real =
      std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(source.get()), error);
  file.real_path_ = error ? path : real.string();
  TRY(file.seal(TRY(file.copy_from(source.get(), limit))));
  return file;
}

Result<size_t> SealedFile::copy_from(int source, size_t limit) {
  memory_ = memory_file(std::filesystem::path(path_).filename().string());
  if (!memory_.valid()) return file_error(path_, "make a memory file for");
  Sha256 digest;
  std::vector<char> block(kBlock);
  size_t size = 0;
  for (;;) {
    const ssize_t count = ::read(source, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_error(path_, "read");
    if (count == 0) break;
    size += static_cast<size_t>(count);
    if (size > limit) {
      return Error::invalid(path_ + " is too big (more than " + std::to_string(limit >> 20) +
                            " MiB)");
    }
    digest.add({block.data(), static_cast<size_t>(count)});
    if (!write_all(memory_.get(), block.data(), static_cast<size_t>(count))) {
      return file_error(path_, "copy");
    }
  }
  if (size == 0) return Error::invalid(path_ + " is empty");
  sha256_ = digest.hex();
  return size;
}

Result<void> SealedFile::seal(size_t size) {
  if (::fcntl(memory_.get(), F_ADD_SEALS,
              F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) {
    return file_error(path_, "seal the copy of");
  }
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, memory_.get(), 0);
  if (data == MAP_FAILED) return file_error(path_, "map the copy of");
  bytes_ = {static_cast<const char*>(data), size};
  return {};
}

}  // namespace capstan
