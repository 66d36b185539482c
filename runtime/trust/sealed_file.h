// A file's bytes, read once and then unchangeable: what is verified is what is loaded, whatever
// becomes of the path meanwhile.
//
// The bytes stand in a sealed memory file. It takes memory of the file's size as long as it is open
// or mapped.
//
// Thread safety: const members from any thread.
// Lifetime: bytes() and load_path() are of the object; a library loaded from load_path() stays
// mapped without it.
//
// Example:
//   const SealedFile file = TRY(SealedFile::read("/opt/acme/acme.so"));
//   if (file.sha256() == pinned) load(file.load_path());
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/system/file_descriptor.h"

namespace capstan {

class SealedFile {
 public:
  // Errors: kNotFound, kPermissionDenied, kInvalid (no regular file, empty, over the limit),
  // kUnavailable (no memory file); each names the path.
  static Result<SealedFile> read(const std::string& path, size_t limit = size_t{256} << 20);

  SealedFile(SealedFile&& other) noexcept;
  SealedFile& operator=(SealedFile&&) = delete;
  ~SealedFile();

  std::string_view bytes() const { return bytes_; }
  const std::string& sha256() const { return sha256_; }  // hex
  const std::string& path() const { return path_; }      // as it was named
  // The file that was opened, with all links followed at that moment.
  const std::string& real_path() const { return real_path_; }
  uid_t owner() const { return owner_; }
  gid_t group() const { return group_; }
  mode_t mode() const { return mode_; }

  int descriptor() const { return memory_.get(); }
  // A path that gives these bytes to this process (and to a child that inherits descriptor()).
  std::string load_path() const;

 private:
  SealedFile() = default;
  Result<size_t> copy_from(int source, size_t limit);
  Result<void> seal(size_t size);

  std::string path_;
  std::string real_path_;
  std::string sha256_;
  uid_t owner_ = 0;
  gid_t group_ = 0;
  mode_t mode_ = 0;
  FileDescriptor memory_;
  std::string_view bytes_;
};

}  // namespace capstan
