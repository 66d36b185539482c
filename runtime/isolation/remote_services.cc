#include "runtime/isolation/remote_services.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "runtime/base/clock.h"
#include "runtime/plugin/current_call.h"
#include "runtime/plugin/diagnostics_collector.h"
#include "runtime/telemetry/trace.h"
#include "sdk/include/capstan/ext/services.h"

namespace capstan::isolation {
namespace {

RemoteServices& self(void* ctx) {
  return *static_cast<RemoteServices*>(ctx);
}
template <typename... Texts>
std::string fields(Texts... texts) {
  FieldWriter out;
  (out.text(abi_view(texts)), ...);
  return out.take();
}

uint32_t current_call() {
  return static_cast<uint32_t>(CurrentCall::id());
}

// ---- log, clock, metrics ----

void log_write(void* ctx, int32_t level, capstan_str message, capstan_str values) {
  FieldWriter out;
  out.number(static_cast<uint8_t>(level)).text(abi_view(message)).text(abi_view(values));
  out.text(current_trace_id());
  self(ctx).notice(Method::kLog, out.bytes());
}
constexpr capstan_log kLog = {sizeof(capstan_log), &log_write};

int64_t unix_nanos(void*) {
  return SystemClock().now().time_since_epoch().count();
}
int64_t monotonic_nanos(void*) {
  return SystemClock().monotonic().time_since_epoch().count();
}
constexpr capstan_clock kClock = {sizeof(capstan_clock), &unix_nanos, &monotonic_nanos};

std::string numbered(uint32_t number, std::string_view definition) {
  FieldWriter out;
  return out.number(number).take().append(definition);
}

uint32_t metric_define(void* ctx, int32_t type, capstan_str name, capstan_str help,
                       capstan_str labels) {
  FieldWriter out;
  out.number(static_cast<uint8_t>(type)).text(abi_view(name)).text(abi_view(help));
  out.text(abi_view(labels));
  return self(ctx).define_metric(out.take());
}
void metric_record(void* ctx, uint32_t handle, double value) {
  self(ctx).record_metric(handle, value);
}
constexpr capstan_metrics kMetrics = {sizeof(capstan_metrics), &metric_define, &metric_record};

// ---- secrets, objects, events, wake ----

capstan_status secret_get(void* ctx, capstan_str name, const capstan_sink* value) {
  return self(ctx).call(Method::kSecret, fields(name), value, nullptr);
}
constexpr capstan_secrets kSecrets = {sizeof(capstan_secrets), &secret_get};

capstan_status object_get(void* ctx, capstan_str version, capstan_str kind, capstan_str ns,
                          capstan_str name, const capstan_sink* out) {
  return self(ctx).call(Method::kObjectGet, fields(version, kind, ns, name), out, nullptr);
}
capstan_status object_list(void* ctx, capstan_str query, const capstan_sink* out) {
  return self(ctx).call(Method::kObjectList, fields(query), out, nullptr);
}
constexpr capstan_objects kObjects = {sizeof(capstan_objects), &object_get, &object_list};

void event_record(void* ctx, capstan_str event) {
  self(ctx).notice(Method::kEvent, fields(event));
}
constexpr capstan_events kEvents = {sizeof(capstan_events), &event_record};

void wake(void* ctx, capstan_str version, capstan_str kind, capstan_str ns, capstan_str name) {
  self(ctx).notice(Method::kWake, fields(version, kind, ns, name));
}
constexpr capstan_wake kWake = {sizeof(capstan_wake), &wake};

// ---- workload, pki ----

capstan_status workload_request(void* ctx, capstan_str ns, capstan_str cluster, capstan_str request,
                                const capstan_sink* out, const capstan_diagnostics* diagnostics) {
  return self(ctx).call(Method::kWorkloadRequest, fields(ns, cluster, request), out, diagnostics);
}
capstan_status workload_pod_request(void* ctx, capstan_str ns, capstan_str cluster,
                                    capstan_str request, const capstan_sink* out,
                                    const capstan_diagnostics* diagnostics) {
  return self(ctx).call(Method::kWorkloadPodRequest, fields(ns, cluster, request), out,
                        diagnostics);
}
capstan_status workload_nodes(void* ctx, capstan_str ns, capstan_str cluster,
                              const capstan_sink* out, const capstan_diagnostics* diagnostics) {
  return self(ctx).call(Method::kWorkloadNodes, fields(ns, cluster), out, diagnostics);
}
constexpr capstan_workload kWorkload = {sizeof(capstan_workload), &workload_request,
                                        &workload_pod_request, &workload_nodes};

capstan_status pki_run(void* ctx, capstan_str request, const capstan_sink* out,
                       const capstan_diagnostics* diagnostics) {
  return self(ctx).call(Method::kPki, fields(request), out, diagnostics);
}
constexpr capstan_pki kPki = {sizeof(capstan_pki), &pki_run};

void report(const std::vector<ProviderDiagnostic>& list, const capstan_diagnostics* to) {
  if (!CAPSTAN_HAS(to, add)) return;
  for (const ProviderDiagnostic& item : list) {
    const capstan_diagnostic diagnostic{
        sizeof(diagnostic),    item.warning ? CAPSTAN_SEVERITY_WARNING : CAPSTAN_SEVERITY_ERROR,
        abi_str(item.summary), abi_str(item.detail),
        abi_str(item.field),   item.retry_after ? item.retry_after->count() : -1,
        item.terminal ? 1 : 0};
    to->add(to->ctx, &diagnostic);
  }
}

}  // namespace

RemoteServices::RemoteServices(ServiceLine& host, std::set<std::string> offered)
    : host_(host), offered_(std::move(offered)) {
  table_ = {sizeof(capstan_host), CAPSTAN_ABI_MINOR, this, &get_extension};
}

const capstan_host* RemoteServices::table(uint32_t abi_minor) {
  table_.abi_minor = abi_minor;
  return &table_;
}

capstan_status RemoteServices::call(Method method, std::string_view body, const capstan_sink* out,
                                    const capstan_diagnostics* diagnostics) const {
  Result<Message> message = host_.call({.method = method, .body = body, .attempt = current_call()});
  if (!message.ok()) return static_cast<capstan_status>(message.code());
  Result<ProviderReply> reply = decode_reply(message->body);
  if (!reply.ok()) {  // a bare status: the reply was too large
    const auto status = static_cast<capstan_status>(message->header.status);
    return status == CAPSTAN_OK ? static_cast<capstan_status>(CAPSTAN_INTERNAL) : status;
  }
  if (CAPSTAN_HAS(out, write) && !reply->text.empty()) out->write(out->ctx, abi_str(reply->text));
  report(reply->diagnostics, diagnostics);
  if (method == Method::kSecret || method == Method::kPki) {
    wipe(reply->text);
    wipe(message->body);
  }
  return static_cast<capstan_status>(message->header.status);
}

void RemoteServices::notice(Method method, std::string_view body) const {
  host_.notice(method, body, current_call());
}

uint32_t RemoteServices::define_metric(const std::string& definition) {
  uint32_t number = 0;
  {
    const std::scoped_lock lock(metrics_mutex_);
    const auto known = std::find(metrics_.begin(), metrics_.end(), definition);
    number = static_cast<uint32_t>(known - metrics_.begin()) + 1;
    if (known == metrics_.end()) metrics_.push_back(definition);
  }
  const auto status = static_cast<Code>(
      call(Method::kMetricDefine, numbered(number, definition), nullptr, nullptr));
  // A host that is away learns of it when it is back.
  return status == Code::kOk || status == Code::kUnavailable ? number : 0;
}

void RemoteServices::record_metric(uint32_t number, double value) const {
  if (number == 0) return;
  FieldWriter out;
  out.number(number).number(std::bit_cast<uint64_t>(value));
  notice(Method::kMetricRecord, out.bytes());
}

void RemoteServices::define_metrics_again(CallClient& host) const {
  std::vector<std::string> metrics;
  {
    const std::scoped_lock lock(metrics_mutex_);
    metrics = metrics_;
  }
  for (uint32_t i = 0; i < metrics.size(); ++i) {
    (void)host.call({.method = Method::kMetricDefine, .body = numbered(i + 1, metrics[i])});
  }
}

const void* RemoteServices::get_extension(void* ctx, const char* id) {
  if (id == nullptr) return nullptr;
  if (std::strcmp(id, CAPSTAN_EXT_CLOCK) == 0) return &kClock;
  if (!self(ctx).offered_.contains(id)) return nullptr;
  const struct {
    const char* id;
    const void* table;
  } tables[] = {{CAPSTAN_EXT_LOG, &kLog},           {CAPSTAN_EXT_METRICS, &kMetrics},
                {CAPSTAN_EXT_SECRETS, &kSecrets},   {CAPSTAN_EXT_OBJECTS, &kObjects},
                {CAPSTAN_EXT_EVENTS, &kEvents},     {CAPSTAN_EXT_WAKE, &kWake},
                {CAPSTAN_EXT_WORKLOAD, &kWorkload}, {CAPSTAN_EXT_PKI, &kPki}};
  for (const auto& entry : tables) {
    if (std::strcmp(id, entry.id) == 0) return entry.table;
  }
  return nullptr;
}

}  // namespace capstan::isolation
