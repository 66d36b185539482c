#include "runtime/plugin/shared_object.h"

#include <dlfcn.h>

#include <boost/dll/shared_library.hpp>
#include <boost/dll/shared_library_load_mode.hpp>
#include <utility>

namespace capstan {

struct SharedObject::Library {
  boost::dll::shared_library handle;
};

SharedObject::SharedObject(std::string path, std::unique_ptr<Library> library)
    : path_(std::move(path)), library_(std::move(library)) {}
SharedObject::SharedObject(SharedObject&&) noexcept = default;
SharedObject& SharedObject::operator=(SharedObject&& other) noexcept {
  close();
  path_ = std::move(other.path_);
  library_ = std::move(other.library_);
  return *this;
}
SharedObject::~SharedObject() {
  close();
}

Result<SharedObject> SharedObject::open(const std::string& path) {
  using boost::dll::load_mode::rtld_local;
  using boost::dll::load_mode::rtld_now;
  auto library = std::make_unique<Library>();
  try {
    library->handle.load(boost::dll::fs::path(path), rtld_now | rtld_local);
  } catch (const std::exception& error) {  // the dynamic linker's words, or an initialiser's
    return Error::invalid("cannot load " + path + ": " + error.what());
  } catch (...) {
    return Error::invalid("cannot load " + path + ": an initialiser threw");
  }
  return SharedObject(path, std::move(library));
}

void* SharedObject::symbol(const char* name) const {
  if (library_ == nullptr) return nullptr;
  return ::dlsym(library_->handle.native(), name);
}

bool SharedObject::close() {
  if (library_ == nullptr) return true;
  library_->handle.unload();
  library_.reset();
  return !is_mapped(path_);
}

bool SharedObject::is_mapped(const std::string& path) {
  void* handle = ::dlopen(path.c_str(), RTLD_NOLOAD | RTLD_LAZY);
  if (handle == nullptr) return false;
  ::dlclose(handle);
  return true;
}

}  // namespace capstan
