// The library that runs plugins written in Python: the tables of the ABI on one side, the SDK's
// capstan._bridge.Instance on the other. One instance a folder; the interpreter is shared.
#include <capstan/ext/admission.h>
#include <capstan/ext/folder.h>
#include <capstan/ext/reconcile.h>
#include <capstan/plugin.h>
#include <capstan/text.h>
#include <pybind11/pybind11.h>

#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "plugins/python/host_module.h"
#include "plugins/python/interpreter.h"
#include "plugins/python/watchdog.h"

namespace capstan::python {
namespace {

namespace py = pybind11;

using sdk::Error;
using sdk::Status;
using sdk::to_abi;
using sdk::to_view;

// How long a call may overrun before it is interrupted.
constexpr std::chrono::milliseconds kGrace{2000};

py::str text(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

std::string_view view(py::handle string) {
  Py_ssize_t size = 0;
  const char* data = PyUnicode_AsUTF8AndSize(string.ptr(), &size);
  if (data == nullptr) throw py::error_already_set();
  return {data, static_cast<size_t>(size)};
}

void report(const capstan_diagnostics* sink, py::handle item) {
  if (!CAPSTAN_HAS(sink, add)) return;
  const auto fields = py::reinterpret_borrow<py::tuple>(item);
  capstan_diagnostic diagnostic{};
  diagnostic.struct_size = sizeof(diagnostic);
  diagnostic.severity = fields[0].cast<int32_t>();
  diagnostic.summary = to_abi(view(fields[1]));
  diagnostic.detail = to_abi(view(fields[2]));
  diagnostic.field = to_abi(view(fields[3]));
  diagnostic.retry_after_ms = fields[4].cast<int64_t>();
  diagnostic.terminal = fields[5].cast<bool>() ? 1 : 0;
  sink->add(sink->ctx, &diagnostic);
}

// Writes what the bridge gave back: (status, reply, diagnostics).
capstan_status deliver(const py::object& outcome, const capstan_sink* reply,
                       const capstan_diagnostics* diagnostics) {
  const auto parts = py::reinterpret_borrow<py::tuple>(outcome);
  const std::string_view written = view(parts[1]);
  if (!written.empty()) sdk::detail::write(reply, written);
  for (const py::handle item : parts[2]) report(diagnostics, item);
  return parts[0].cast<capstan_status>();
}

// Nothing gets out, whatever Python or memory does.
template <typename Body>
capstan_status guarded(const capstan_diagnostics* diagnostics, const char* function,
                       Body&& body) noexcept {
  capstan_status status = CAPSTAN_INTERNAL;
  const capstan_status barrier = sdk::detail::guarded(diagnostics, function, [&]() -> Status {
    status = body();
    return {};
  });
  return barrier == CAPSTAN_OK ? status : barrier;
}

class Instance {
 public:
  explicit Instance(const capstan_host* host)
      : host_(host), table_{sizeof(table_), this,     &activate,
                            &deactivate,    &destroy, &get_extension} {}

  static capstan_status create(const capstan_host* host, const capstan_plugin** out,
                               const capstan_diagnostics* diagnostics) noexcept {
    return guarded(diagnostics, "create", [&] {
      *out = &(new Instance(host))->table_;
      return CAPSTAN_OK;
    });
  }

 private:
  static Instance& of(void* self) { return *static_cast<Instance*>(self); }

  static capstan_status open(void* self, capstan_str path, capstan_str manifest,
                             const capstan_diagnostics* diagnostics) noexcept {
    return guarded(diagnostics, "open", [&] {
      of(self).folder_ = to_view(path);
      of(self).manifest_ = to_view(manifest);
      return CAPSTAN_OK;
    });
  }

  static capstan_status activate(void* self, capstan_str settings,
                                 const capstan_diagnostics* diagnostics) noexcept {
    return guarded(diagnostics, "activate", [&]() -> capstan_status {
      if (const Status started = start_interpreter(); !started.ok()) {
        sdk::report(diagnostics, started.error());
        return static_cast<capstan_status>(started.error().code);
      }
      return of(self).start(settings, diagnostics);
    });
  }

  capstan_status start(capstan_str settings, const capstan_diagnostics* diagnostics) {
    const py::gil_scoped_acquire interpreter;
    const py::object bridge = py::module_::import("capstan._bridge").attr("Instance");
    plugin_ = bridge(text(folder_), text(manifest_), py::cast(NativeHost(host_)));
    const py::object outcome = plugin_.attr("activate")(text(to_view(settings)));
    const capstan_status status = deliver(outcome, nullptr, diagnostics);
    if (status != CAPSTAN_OK) {
      plugin_ = py::object();
      return status;
    }
    reconcile_ = plugin_.attr("reconcile");
    admit_ = plugin_.attr("admit");
    watchdog_ = std::make_unique<Watchdog>(kGrace);
    return CAPSTAN_OK;
  }

  static void deactivate(void* self) noexcept {
    (void)guarded(nullptr, "deactivate", [&] {
      Instance& instance = of(self);
      instance.watchdog_.reset();  // its thread may want the interpreter's lock to end
      const py::gil_scoped_acquire interpreter;
      if (instance.plugin_) instance.plugin_.attr("deactivate")();
      instance.reconcile_ = instance.admit_ = instance.plugin_ = py::object();
      return CAPSTAN_OK;
    });
  }

  static void destroy(void* self) noexcept {
    (void)guarded(nullptr, "destroy", [&] {
      delete static_cast<Instance*>(self);
      return CAPSTAN_OK;
    });
  }

  static const void* get_extension(void*, const char* id) noexcept {
    static constexpr capstan_folder kFolder = {sizeof(kFolder), &open};
    static constexpr capstan_reconcile kReconcile = {sizeof(kReconcile), &reconcile};
    static constexpr capstan_admission kAdmission = {sizeof(kAdmission), &admit};
    if (id == nullptr) return nullptr;
    if (std::strcmp(id, CAPSTAN_EXT_FOLDER) == 0) return &kFolder;
    if (std::strcmp(id, CAPSTAN_EXT_RECONCILE) == 0) return &kReconcile;
    if (std::strcmp(id, CAPSTAN_EXT_ADMISSION) == 0) return &kAdmission;
    return nullptr;
  }

  // One work call: `body` is given the call as Python has it.
  template <typename Body>
  capstan_status work(const char* function, const capstan_call* call, const capstan_sink* sink,
                      Body&& body) noexcept {
    const capstan_diagnostics* diagnostics = call == nullptr ? nullptr : call->diagnostics;
    return guarded(diagnostics, function, [&]() -> capstan_status {
      const py::gil_scoped_acquire interpreter;
      const py::object native = py::cast(NativeCall(call));
      py::object outcome;
      try {
        const Watchdog::Watch watch(*watchdog_, call);
        outcome = body(native);
      } catch (...) {
        native.cast<NativeCall&>().end();
        throw;
      }
      native.cast<NativeCall&>().end();
      return deliver(outcome, sink, diagnostics);
    });
  }

  static capstan_status reconcile(void* self, const capstan_call* call, capstan_str request,
                                  const capstan_sink* reply) noexcept {
    Instance& instance = of(self);
    return instance.work("reconcile", call, reply, [&](const py::object& native) {
      py::dict members;
      for (const auto& [name, value] : sdk::split_json_members(to_view(request))) {
        members[text(name)] = text(value);
      }
      return instance.reconcile_(native, members);
    });
  }

  static capstan_status admit(void* self, const capstan_call* call, capstan_str object,
                              capstan_str old, const capstan_sink* defaults) noexcept {
    Instance& instance = of(self);
    return instance.work("admit", call, defaults, [&](const py::object& native) {
      return instance.admit_(native, text(to_view(object)), text(to_view(old)));
    });
  }

  const capstan_host* host_;
  const capstan_plugin table_;
  std::string folder_;
  std::string manifest_;
  py::object plugin_;  // these three: null while not active
  py::object reconcile_;
  py::object admit_;
  std::unique_ptr<Watchdog> watchdog_;
};

constexpr capstan_entry kEntry = {
    sizeof(kEntry), []() -> const capstan_descriptor* { return &capstan_plugin_descriptor; },
    &Instance::create};

}  // namespace
}  // namespace capstan::python

extern "C" CAPSTAN_EXPORT const capstan_entry* capstan_plugin_entry(uint32_t host_abi_major) {
  return host_abi_major == CAPSTAN_ABI_MAJOR ? &capstan::python::kEntry : nullptr;
}
