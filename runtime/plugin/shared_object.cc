#include "runtime/plugin/shared_object.h"

#include <dlfcn.h>

#include <boost/dll/shared_library.hpp>
#include <boost/dll/shared_library_load_mode.hpp>
#include <mutex>
#include <utility>
#include <vector>

namespace capstan {
namespace {

// The dynamic linker knows a library by the path that it was loaded from. That of an image has the
// number of its descriptor, so while a library stays mapped its image stays open: another one with
// that number would be taken for it.
void keep_for_ever(std::shared_ptr<const SealedFile> image) {
  static std::mutex mutex;
  static std::vector<std::shared_ptr<const SealedFile>> images;
  const std::scoped_lock lock(mutex);
  images.push_back(std::move(image));
}

}  // namespace

struct SharedObject::Library {
  boost::dll::shared_library handle;
  std::shared_ptr<const SealedFile> image;
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

Result<SharedObject> SharedObject::open(const std::string& path,
                                        std::shared_ptr<const SealedFile> image) {
  using boost::dll::load_mode::rtld_local;
  using boost::dll::load_mode::rtld_now;
  auto library = std::make_unique<Library>();
  library->image = std::move(image);
  const std::string from = library->image == nullptr ? path : library->image->load_path();
  try {
    library->handle.load(boost::dll::fs::path(from), rtld_now | rtld_local);
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

std::string SharedObject::load_path() const {
  return library_->image == nullptr ? path_ : library_->image->load_path();
}

bool SharedObject::close() {
  if (library_ == nullptr) return true;
  library_->handle.unload();
  const bool pinned = is_mapped(load_path());
  if (pinned && library_->image != nullptr) keep_for_ever(library_->image);
  library_.reset();
  return !pinned;
}

bool SharedObject::is_mapped(const std::string& path) {
  void* handle = ::dlopen(path.c_str(), RTLD_NOLOAD | RTLD_LAZY);
  if (handle == nullptr) return false;
  ::dlclose(handle);
  return true;
}

}  // namespace capstan
