#include "plugins/python/host_module.h"

#include <capstan/json.h>
#include <capstan/services.h>
#include <pybind11/stl.h>

#include <cstring>
#include <optional>
#include <tuple>

namespace capstan::python {
namespace {

namespace py = pybind11;

using sdk::to_abi;
using sdk::to_view;

// As the SDK's capstan.host.Diagnostic.
using Diagnostic = std::tuple<int, std::string, std::string, std::string, int64_t, bool>;

// Keeps the first diagnostic of a service call.
class FirstDiagnostic {
 public:
  FirstDiagnostic() : table_{sizeof(table_), &first_, &add} {}
  FirstDiagnostic(const FirstDiagnostic&) = delete;
  const capstan_diagnostics* get() const { return &table_; }
  const std::optional<Diagnostic>& first() const { return first_; }

 private:
  static void add(void* ctx, const capstan_diagnostic* diagnostic) {
    auto& first = *static_cast<std::optional<Diagnostic>*>(ctx);
    if (first || diagnostic == nullptr) return;
    first.emplace(diagnostic->severity, to_view(diagnostic->summary), to_view(diagnostic->detail),
                  to_view(diagnostic->field), diagnostic->retry_after_ms,
                  diagnostic->terminal != 0);
  }
  std::optional<Diagnostic> first_;
  capstan_diagnostics table_;
};

// (status, text, diagnostic or None) of a service; UNIMPLEMENTED where the host does not have it.
template <typename Call>
py::tuple answer(bool offered, Call&& call) {
  sdk::detail::StringSink text;
  FirstDiagnostic diagnostic;
  capstan_status status = CAPSTAN_UNIMPLEMENTED;
  if (offered) {
    const py::gil_scoped_release released;
    status = call(text.get(), diagnostic.get());
  }
  return py::make_tuple(status, text.text(), diagnostic.first());
}

}  // namespace

template <typename Table>
const Table* NativeHost::fetch(const char* id) const {
  if (!CAPSTAN_HAS(host_, get_extension)) return nullptr;
  return static_cast<const Table*>(host_->get_extension(host_->ctx, id));
}

NativeHost::NativeHost(const capstan_host* host)
    : host_(host),
      ctx_(host == nullptr ? nullptr : host->ctx),
      log_(fetch<capstan_log>(CAPSTAN_EXT_LOG)),
      clock_(fetch<capstan_clock>(CAPSTAN_EXT_CLOCK)),
      metrics_(fetch<capstan_metrics>(CAPSTAN_EXT_METRICS)),
      secrets_(fetch<capstan_secrets>(CAPSTAN_EXT_SECRETS)),
      objects_(fetch<capstan_objects>(CAPSTAN_EXT_OBJECTS)),
      events_(fetch<capstan_events>(CAPSTAN_EXT_EVENTS)),
      wake_(fetch<capstan_wake>(CAPSTAN_EXT_WAKE)),
      workload_(fetch<capstan_workload>(CAPSTAN_EXT_WORKLOAD)),
      pki_(fetch<capstan_pki>(CAPSTAN_EXT_PKI)) {}

void NativeHost::log(int level, const std::string& message, const std::string& fields) const {
  if (!CAPSTAN_HAS(log_, write)) return;
  const py::gil_scoped_release released;
  log_->write(ctx_, level, to_abi(message), to_abi(fields));
}

int64_t NativeHost::unix_nanos() const {
  return sdk::Clock(clock_, ctx_).unix_nanos();
}

int64_t NativeHost::monotonic_nanos() const {
  return sdk::Clock(clock_, ctx_).monotonic_nanos();
}

uint32_t NativeHost::define_metric(int type, const std::string& name, const std::string& help,
                                   const std::string& labels) const {
  if (!CAPSTAN_HAS(metrics_, define) || !CAPSTAN_HAS(metrics_, record)) return 0;
  const py::gil_scoped_release released;
  return metrics_->define(ctx_, type, to_abi(name), to_abi(help), to_abi(labels));
}

void NativeHost::record_metric(uint32_t handle, double value) const {
  if (CAPSTAN_HAS(metrics_, record)) metrics_->record(ctx_, handle, value);
}

py::tuple NativeHost::secret(const std::string& name) const {
  sdk::detail::StringSink value;
  capstan_status status = CAPSTAN_UNIMPLEMENTED;
  if (CAPSTAN_HAS(secrets_, get)) {
    const py::gil_scoped_release released;
    status = secrets_->get(ctx_, to_abi(name), value.get());
  }
  py::tuple out = py::make_tuple(status, py::bytes(value.text()));
  ::explicit_bzero(value.text().data(), value.text().size());
  return out;
}

py::tuple NativeHost::get_object(const std::string& api_version, const std::string& kind,
                                 const std::string& ns, const std::string& name) const {
  return answer(CAPSTAN_HAS(objects_, get), [&](const capstan_sink* out,
                                                const capstan_diagnostics*) {
    return objects_->get(ctx_, to_abi(api_version), to_abi(kind), to_abi(ns), to_abi(name), out);
  });
}

py::tuple NativeHost::list_objects(const std::string& query) const {
  return answer(CAPSTAN_HAS(objects_, list),
                [&](const capstan_sink* out, const capstan_diagnostics*) {
                  return objects_->list(ctx_, to_abi(query), out);
                });
}

void NativeHost::record_event(const std::string& event) const {
  if (!CAPSTAN_HAS(events_, record)) return;
  const py::gil_scoped_release released;
  events_->record(ctx_, to_abi(event));
}

void NativeHost::wake(const std::string& api_version, const std::string& kind,
                      const std::string& ns, const std::string& name) const {
  if (!CAPSTAN_HAS(wake_, wake)) return;
  const py::gil_scoped_release released;
  wake_->wake(ctx_, to_abi(api_version), to_abi(kind), to_abi(ns), to_abi(name));
}

py::tuple NativeHost::workload_request(const std::string& ns, const std::string& cluster,
                                       const std::string& request) const {
  return answer(CAPSTAN_HAS(workload_, request), [&](const capstan_sink* out,
                                                     const capstan_diagnostics* diagnostics) {
    return workload_->request(ctx_, to_abi(ns), to_abi(cluster), to_abi(request), out, diagnostics);
  });
}

py::tuple NativeHost::pod_request(const std::string& ns, const std::string& cluster,
                                  const std::string& request) const {
  return answer(CAPSTAN_HAS(workload_, pod_request),
                [&](const capstan_sink* out, const capstan_diagnostics* diagnostics) {
                  return workload_->pod_request(ctx_, to_abi(ns), to_abi(cluster), to_abi(request),
                                                out, diagnostics);
                });
}

py::tuple NativeHost::nodes(const std::string& ns, const std::string& cluster) const {
  return answer(CAPSTAN_HAS(workload_, nodes),
                [&](const capstan_sink* out, const capstan_diagnostics* diagnostics) {
                  return workload_->nodes(ctx_, to_abi(ns), to_abi(cluster), out, diagnostics);
                });
}

py::tuple NativeHost::pki(const std::string& request) const {
  return answer(CAPSTAN_HAS(pki_, run),
                [&](const capstan_sink* out, const capstan_diagnostics* diagnostics) {
                  return pki_->run(ctx_, to_abi(request), out, diagnostics);
                });
}

std::string NativeCall::idempotency_key() const {
  return call_ == nullptr ? "" : std::string(to_view(call_->idempotency_key));
}

std::string NativeCall::trace_id() const {
  return call_ == nullptr ? "" : std::string(to_view(call_->trace_id));
}

bool NativeCall::cancelled() const {
  return call_ == nullptr ||
         (CAPSTAN_HAS(call_, is_cancelled) && call_->is_cancelled(call_->ctx) != 0);
}

void define_host_module() {
  static py::module_::module_def definition;
  const py::module_ module = py::module_::create_extension_module(
      "_capstan", "The host, for the SDK; see capstan.host.", &definition);
  py::class_<NativeHost>(module, "NativeHost")
      .def("log", &NativeHost::log)
      .def("unix_nanos", &NativeHost::unix_nanos)
      .def("monotonic_nanos", &NativeHost::monotonic_nanos)
      .def("define_metric", &NativeHost::define_metric)
      .def("record_metric", &NativeHost::record_metric)
      .def("secret", &NativeHost::secret)
      .def("get_object", &NativeHost::get_object)
      .def("list_objects", &NativeHost::list_objects)
      .def("record_event", &NativeHost::record_event)
      .def("wake", &NativeHost::wake)
      .def("workload_request", &NativeHost::workload_request)
      .def("pod_request", &NativeHost::pod_request)
      .def("nodes", &NativeHost::nodes)
      .def("pki", &NativeHost::pki);
  py::class_<NativeCall>(module, "NativeCall")
      .def_property_readonly("attempt", &NativeCall::attempt)
      .def_property_readonly("deadline_ns", &NativeCall::deadline_ns)
      .def_property_readonly("idempotency_key", &NativeCall::idempotency_key)
      .def_property_readonly("trace_id", &NativeCall::trace_id)
      .def("cancelled", &NativeCall::cancelled);
  py::module_::import("sys").attr("modules")["_capstan"] = module;
}

}  // namespace capstan::python
