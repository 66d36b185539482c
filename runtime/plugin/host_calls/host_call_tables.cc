#include "runtime/plugin/host_calls/host_call_tables.h"

#include <algorithm>
#include <string>
#include <utility>

#include "runtime/plugin/diagnostics_collector.h"
#include "sdk/include/capstan/ext/services.h"

namespace capstan {
namespace {

// Text of a plugin as JSON can carry it: bytes that are no UTF-8 are kept apart by the dumper.
std::string text(capstan_str bytes) {
  return std::string(abi_view(bytes));
}

HostAnswer ask(void* ctx, const char* service, const char* function, Json arguments) noexcept {
  try {
    return static_cast<HostCallTables*>(ctx)->handler().call(
        {service, function, std::move(arguments)});
  } catch (...) {
    return {.status = Code::kInternal};
  }
}

capstan_status deliver(const HostAnswer& answer, const capstan_sink* sink,
                       const capstan_diagnostics* diagnostics) {
  if (!answer.text.empty() && CAPSTAN_HAS(sink, write))
    sink->write(sink->ctx, abi_str(answer.text));
  if (CAPSTAN_HAS(diagnostics, add)) {
    for (const ProviderDiagnostic& said : answer.diagnostics) {
      capstan_diagnostic out{};
      out.struct_size = sizeof(out);
      out.severity = said.warning ? CAPSTAN_SEVERITY_WARNING : CAPSTAN_SEVERITY_ERROR;
      out.summary = abi_str(said.summary);
      out.detail = abi_str(said.detail);
      out.field = abi_str(said.field);
      out.retry_after_ms = said.retry_after ? said.retry_after->count() : -1;
      out.terminal = said.terminal ? 1 : 0;
      diagnostics->add(diagnostics->ctx, &out);
    }
  }
  return static_cast<capstan_status>(answer.status);
}

void write_log(void* ctx, int32_t level, capstan_str message, capstan_str fields) {
  (void)ask(ctx, CAPSTAN_EXT_LOG, "write",
            {{"level", level}, {"message", text(message)}, {"fields", text(fields)}});
}
int64_t unix_nanos(void* ctx) {
  return ask(ctx, CAPSTAN_EXT_CLOCK, "unix_nanos", Json::object()).number;
}
int64_t monotonic_nanos(void* ctx) {
  return ask(ctx, CAPSTAN_EXT_CLOCK, "monotonic_nanos", Json::object()).number;
}
uint32_t define(void* ctx, int32_t type, capstan_str name, capstan_str help, capstan_str labels) {
  return static_cast<uint32_t>(
      ask(ctx, CAPSTAN_EXT_METRICS, "define",
          {{"type", type}, {"name", text(name)}, {"help", text(help)}, {"labels", text(labels)}})
          .number);
}
void record_metric(void* ctx, uint32_t handle, double value) {
  (void)ask(ctx, CAPSTAN_EXT_METRICS, "record", {{"handle", handle}, {"value", value}});
}
capstan_status get_secret(void* ctx, capstan_str name, const capstan_sink* value) {
  return deliver(ask(ctx, CAPSTAN_EXT_SECRETS, "get", {{"name", text(name)}}), value, nullptr);
}
capstan_status get_object(void* ctx, capstan_str api_version, capstan_str kind, capstan_str ns,
                          capstan_str name, const capstan_sink* out) {
  return deliver(ask(ctx, CAPSTAN_EXT_OBJECTS, "get",
                     {{"apiVersion", text(api_version)},
                      {"kind", text(kind)},
                      {"namespace", text(ns)},
                      {"name", text(name)}}),
                 out, nullptr);
}
capstan_status list_objects(void* ctx, capstan_str query, const capstan_sink* out) {
  return deliver(ask(ctx, CAPSTAN_EXT_OBJECTS, "list", {{"query", text(query)}}), out, nullptr);
}
void record_event(void* ctx, capstan_str event) {
  (void)ask(ctx, CAPSTAN_EXT_EVENTS, "record", {{"event", text(event)}});
}
void wake(void* ctx, capstan_str api_version, capstan_str kind, capstan_str ns, capstan_str name) {
  (void)ask(ctx, CAPSTAN_EXT_WAKE, "wake",
            {{"apiVersion", text(api_version)},
             {"kind", text(kind)},
             {"namespace", text(ns)},
             {"name", text(name)}});
}
capstan_status workload_request(void* ctx, capstan_str ns, capstan_str cluster, capstan_str request,
                                const capstan_sink* out, const capstan_diagnostics* diagnostics) {
  return deliver(
      ask(ctx, CAPSTAN_EXT_WORKLOAD, "request",
          {{"namespace", text(ns)}, {"cluster", text(cluster)}, {"request", text(request)}}),
      out, diagnostics);
}
capstan_status pod_request(void* ctx, capstan_str ns, capstan_str cluster, capstan_str request,
                           const capstan_sink* out, const capstan_diagnostics* diagnostics) {
  return deliver(
      ask(ctx, CAPSTAN_EXT_WORKLOAD, "pod_request",
          {{"namespace", text(ns)}, {"cluster", text(cluster)}, {"request", text(request)}}),
      out, diagnostics);
}
capstan_status nodes(void* ctx, capstan_str ns, capstan_str cluster, const capstan_sink* out,
                     const capstan_diagnostics* diagnostics) {
  return deliver(ask(ctx, CAPSTAN_EXT_WORKLOAD, "nodes",
                     {{"namespace", text(ns)}, {"cluster", text(cluster)}}),
                 out, diagnostics);
}
capstan_status run_pki(void* ctx, capstan_str request, const capstan_sink* out,
                       const capstan_diagnostics* diagnostics) {
  return deliver(ask(ctx, CAPSTAN_EXT_PKI, "run", {{"request", text(request)}}), out, diagnostics);
}

constexpr capstan_log kLog = {sizeof(capstan_log), &write_log};
constexpr capstan_clock kClock = {sizeof(capstan_clock), &unix_nanos, &monotonic_nanos};
constexpr capstan_metrics kMetrics = {sizeof(capstan_metrics), &define, &record_metric};
constexpr capstan_secrets kSecrets = {sizeof(capstan_secrets), &get_secret};
constexpr capstan_objects kObjects = {sizeof(capstan_objects), &get_object, &list_objects};
constexpr capstan_events kEvents = {sizeof(capstan_events), &record_event};
constexpr capstan_wake kWake = {sizeof(capstan_wake), &wake};
constexpr capstan_workload kWorkload = {sizeof(capstan_workload), &workload_request, &pod_request,
                                        &nodes};
constexpr capstan_pki kPki = {sizeof(capstan_pki), &run_pki};

constexpr struct {
  const char* id;
  const void* table;
} kServices[] = {
    {CAPSTAN_EXT_LOG, &kLog},         {CAPSTAN_EXT_CLOCK, &kClock},
    {CAPSTAN_EXT_METRICS, &kMetrics}, {CAPSTAN_EXT_SECRETS, &kSecrets},
    {CAPSTAN_EXT_OBJECTS, &kObjects}, {CAPSTAN_EXT_EVENTS, &kEvents},
    {CAPSTAN_EXT_WAKE, &kWake},       {CAPSTAN_EXT_WORKLOAD, &kWorkload},
    {CAPSTAN_EXT_PKI, &kPki},
};

}  // namespace

HostCallTables::HostCallTables(std::shared_ptr<HostCallHandler> handler)
    : handler_(std::move(handler)) {
  table_.struct_size = sizeof(table_);
  table_.ctx = this;
  table_.get_extension = &get_extension;
}

const capstan_host* HostCallTables::table(uint32_t abi_minor) {
  table_.abi_minor = abi_minor;
  return &table_;
}

const void* HostCallTables::service_table(std::string_view id) {
  for (const auto& service : kServices) {
    if (id == service.id) return service.table;
  }
  return nullptr;
}

const std::vector<std::string>& HostCallTables::services() {
  static const std::vector<std::string> kIds = [] {
    std::vector<std::string> ids;
    for (const auto& service : kServices) ids.emplace_back(service.id);
    return ids;
  }();
  return kIds;
}

const void* HostCallTables::get_extension(void* ctx, const char* id) {
  if (id == nullptr) return nullptr;
  try {
    HostCallHandler& handler = static_cast<HostCallTables*>(ctx)->handler();
    return handler.offers(id) ? service_table(id) : nullptr;
  } catch (...) {
    return nullptr;
  }
}

}  // namespace capstan
