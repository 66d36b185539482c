// A shared library in this process: loaded with RTLD_NOW|RTLD_LOCAL, closed by close() or the
// destructor, and honest about whether closing unmapped it.
//
// A library that was verified is loaded from the bytes that were (SealedFile), not from its path.
//
// Thread safety: none needed beyond one owner.
#pragma once

#include <memory>
#include <string>

#include "runtime/base/result.h"
#include "runtime/trust/sealed_file.h"

namespace capstan {

class SharedObject {
 public:
  // Runs the library's initialisers. Errors: kInvalid with the dynamic linker's words.
  // `image`: the bytes to load; null loads those at the path.
  static Result<SharedObject> open(const std::string& path,
                                   std::shared_ptr<const SealedFile> image = nullptr);

  SharedObject(SharedObject&&) noexcept;
  SharedObject& operator=(SharedObject&&) noexcept;
  ~SharedObject();

  // Null where the library does not export it.
  void* symbol(const char* name) const;

  // Closes. False where the library stays mapped ("pinned": a thread-local destructor, a unique
  // symbol, another user); its code and statics are still there then.
  bool close();

  const std::string& path() const { return path_; }

  // Whether a library of that path is mapped.
  static bool is_mapped(const std::string& path);

 private:
  struct Library;
  SharedObject(std::string path, std::unique_ptr<Library> library);
  std::string load_path() const;
  std::string path_;
  std::unique_ptr<Library> library_;
};

}  // namespace capstan
