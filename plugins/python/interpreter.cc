#include "plugins/python/interpreter.h"

#include <dlfcn.h>
#include <pybind11/pybind11.h>

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "plugins/python/host_module.h"

namespace capstan::python {
namespace {

namespace fs = std::filesystem;
namespace py = pybind11;

using sdk::Error;
using sdk::Status;

// "3.11" of "3.11.2 (main, ...)".
std::string series(const std::string& version) {
  const size_t second = version.find('.', version.find('.') + 1);
  return version.substr(0, second);
}

Status check_version() {
  const std::string running = Py_GetVersion();
  if (series(running) == series(PY_VERSION)) return {};
  return Error::failed_precondition("this was built for Python " + series(PY_VERSION) +
                                    ", and the Python library that is loaded is " + running +
                                    "; remove the other one from LD_LIBRARY_PATH");
}

// The host loads plugins with RTLD_LOCAL, so libpython's symbols are hidden from the modules
// written in C that come with it, and those do not link to it themselves.
void show_libpython() {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<void*>(&Py_GetVersion), &info) == 0) return;
  ::dlopen(info.dli_fname, RTLD_NOLOAD | RTLD_GLOBAL | RTLD_NOW);
}

// The interpreter calls into this library for ever.
void stay_loaded() {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<void*>(&start_interpreter), &info) == 0) return;
  ::dlopen(info.dli_fname, RTLD_NOLOAD | RTLD_NODELETE | RTLD_NOW);
}

// PREFIX/share/capstan-sdk/python, from where this library is, else from where the program is (the
// library may have been loaded from memory).
std::optional<std::string> find_sdk() {
  std::vector<fs::path> starts;
  Dl_info info{};
  if (::dladdr(reinterpret_cast<void*>(&start_interpreter), &info) != 0) {
    starts.emplace_back(info.dli_fname);
  }
  std::error_code failure;
  starts.push_back(fs::read_symlink("/proc/self/exe", failure));
  for (const fs::path& start : starts) {
    fs::path prefix = start.parent_path();
    for (int level = 0; level < 6 && prefix.has_relative_path(); ++level) {
      const fs::path found = prefix / "share/capstan-sdk/python";
      if (fs::is_regular_file(found / "capstan/__init__.py", failure)) return found.string();
      prefix = prefix.parent_path();
    }
  }
  return std::nullopt;
}

Error not_started(const PyStatus& status) {
  return Error::internal(std::string("Python does not start: ") +
                         (status.err_msg == nullptr ? "no reason given" : status.err_msg));
}

Status initialize() {
  PyPreConfig before;
  PyPreConfig_InitIsolatedConfig(&before);
  before.utf8_mode = 1;  // whatever the host's locale is
  if (const PyStatus status = Py_PreInitialize(&before); PyStatus_Exception(status) != 0) {
    return not_started(status);
  }
  PyConfig config;
  PyConfig_InitIsolatedConfig(&config);
  config.site_import = 0;     // no dist-packages: a plugin has what it brings
  config.write_bytecode = 0;  // a plugin's folder stays as it was installed
  config.buffered_stdio = 0;  // nothing flushes it at the end, as there is none
  PyStatus status = PyConfig_SetBytesString(&config, &config.program_name, CAPSTAN_PYTHON_PROGRAM);
  if (PyStatus_Exception(status) == 0) status = Py_InitializeFromConfig(&config);
  PyConfig_Clear(&config);
  if (PyStatus_Exception(status) != 0) return not_started(status);
  return {};
}

Status start() {
  CAPSTAN_TRY(check_version());
  const std::optional<std::string> sdk = find_sdk();
  if (!sdk) {
    return Error::failed_precondition(
        "the SDK's Python package (share/capstan-sdk/python) is not installed beside this host");
  }
  show_libpython();
  stay_loaded();
  CAPSTAN_TRY(initialize());
  Status status;
  try {
    py::module_::import("sys").attr("path").attr("insert")(0, *sdk);
    define_host_module();
  } catch (const py::error_already_set& error) {
    status = Error::internal(std::string("the Python SDK cannot be used: ") + error.what());
  }
  PyEval_SaveThread();
  return status;
}

}  // namespace

sdk::Status start_interpreter() {
  static std::mutex mutex;
  static std::optional<Status> result;
  const std::lock_guard lock(mutex);
  if (!result) result = start();
  return *result;
}

}  // namespace capstan::python
