#include "runtime/isolation/service_dispatcher.h"

#include <bit>

#include "runtime/plugin/diagnostics_collector.h"
#include "runtime/plugin/host_services/host_services.h"
#include "runtime/telemetry/trace.h"

namespace capstan::isolation {
namespace {

constexpr size_t kMaxTraceId = 32;
constexpr size_t kMaxMetrics = 4096;

template <typename Table>
const Table* fetch(const capstan_host* host, const char* id) {
  return static_cast<const Table*>(host->get_extension(host->ctx, id));
}

void append(void* text, capstan_str bytes) {
  static_cast<std::string*>(text)->append(abi_view(bytes));
}
capstan_sink sink_of(ProviderReply& reply) {
  return {sizeof(capstan_sink), &reply.text, &append};
}

capstan_str text(FieldReader& in) {
  return abi_str(in.text());
}

}  // namespace

ServiceDispatcher::ServiceDispatcher(const capstan_host* host)
    : ctx_(host->ctx),
      log_(fetch<capstan_log>(host, CAPSTAN_EXT_LOG)),
      metrics_(fetch<capstan_metrics>(host, CAPSTAN_EXT_METRICS)),
      secrets_(fetch<capstan_secrets>(host, CAPSTAN_EXT_SECRETS)),
      objects_(fetch<capstan_objects>(host, CAPSTAN_EXT_OBJECTS)),
      events_(fetch<capstan_events>(host, CAPSTAN_EXT_EVENTS)),
      wake_(fetch<capstan_wake>(host, CAPSTAN_EXT_WAKE)),
      workload_(fetch<capstan_workload>(host, CAPSTAN_EXT_WORKLOAD)),
      pki_(fetch<capstan_pki>(host, CAPSTAN_EXT_PKI)) {
  const struct {
    const char* id;
    bool there;
  } all[] = {
      {CAPSTAN_EXT_LOG, log_ != nullptr},           {CAPSTAN_EXT_METRICS, metrics_ != nullptr},
      {CAPSTAN_EXT_SECRETS, secrets_ != nullptr},   {CAPSTAN_EXT_OBJECTS, objects_ != nullptr},
      {CAPSTAN_EXT_EVENTS, events_ != nullptr},     {CAPSTAN_EXT_WAKE, wake_ != nullptr},
      {CAPSTAN_EXT_WORKLOAD, workload_ != nullptr}, {CAPSTAN_EXT_PKI, pki_ != nullptr}};
  for (const auto& service : all) {
    if (service.there) offered_.emplace_back(service.id);
  }
}

CallServer::Answer ServiceDispatcher::answer(const Message& message) {
  FieldReader in(message.body);
  ProviderReply reply;
  const Code status = call(message.header.method, in, reply);
  CallServer::Answer answer{status, encode_reply(reply)};
  if (message.header.method == Method::kSecret || message.header.method == Method::kPki) {
    wipe(reply.text);
  }
  return answer;
}

Code ServiceDispatcher::call(Method method, FieldReader& in, ProviderReply& reply) {
  const capstan_sink sink = sink_of(reply);
  if (method == Method::kMetricDefine && metrics_ != nullptr) return define_metric(in);
  if (method == Method::kSecret && secrets_ != nullptr) {
    const capstan_str name = text(in);
    return in.complete() ? static_cast<Code>(secrets_->get(ctx_, name, &sink)) : Code::kInvalid;
  }
  if (method == Method::kObjectGet && objects_ != nullptr) {
    const capstan_str version = text(in), kind = text(in), ns = text(in), name = text(in);
    if (!in.complete()) return Code::kInvalid;
    return static_cast<Code>(objects_->get(ctx_, version, kind, ns, name, &sink));
  }
  if (method == Method::kObjectList && objects_ != nullptr) {
    const capstan_str query = text(in);
    return in.complete() ? static_cast<Code>(objects_->list(ctx_, query, &sink)) : Code::kInvalid;
  }
  if (method == Method::kPki && pki_ != nullptr) {
    const DiagnosticsCollector diagnostics(reply.diagnostics);
    const capstan_str request = text(in);
    if (!in.complete()) return Code::kInvalid;
    return static_cast<Code>(pki_->run(ctx_, request, &sink, diagnostics.table()));
  }
  return workload_ != nullptr ? call_workload(method, in, reply) : Code::kUnimplemented;
}

Code ServiceDispatcher::call_workload(Method method, FieldReader& in, ProviderReply& reply) {
  const capstan_sink sink = sink_of(reply);
  const DiagnosticsCollector diagnostics(reply.diagnostics);
  const capstan_str ns = text(in), cluster = text(in);
  if (method == Method::kWorkloadNodes) {
    if (!in.complete()) return Code::kInvalid;
    return static_cast<Code>(workload_->nodes(ctx_, ns, cluster, &sink, diagnostics.table()));
  }
  if (method != Method::kWorkloadRequest && method != Method::kWorkloadPodRequest) {
    return Code::kUnimplemented;
  }
  const capstan_str request = text(in);
  if (!in.complete()) return Code::kInvalid;
  const auto function =
      method == Method::kWorkloadRequest ? workload_->request : workload_->pod_request;
  return static_cast<Code>(function(ctx_, ns, cluster, request, &sink, diagnostics.table()));
}

Code ServiceDispatcher::define_metric(FieldReader& in) {
  const auto number = in.number<uint32_t>();
  const auto type = static_cast<int32_t>(in.number<uint8_t>());
  const capstan_str name = text(in), help = text(in), labels = text(in);
  if (!in.complete()) return Code::kInvalid;
  const uint32_t handle = metrics_->define(ctx_, type, name, help, labels);
  if (handle == 0) return Code::kInvalid;
  const std::scoped_lock lock(metrics_mutex_);
  if (handles_.size() >= kMaxMetrics && !handles_.contains(number)) return Code::kResourceExhausted;
  handles_[number] = handle;
  return Code::kOk;
}

void ServiceDispatcher::record_metric(FieldReader& in) {
  const auto number = in.number<uint32_t>();
  const double value = std::bit_cast<double>(in.number<uint64_t>());
  if (!in.complete()) return;
  uint32_t handle = 0;
  {
    const std::scoped_lock lock(metrics_mutex_);
    const auto known = handles_.find(number);
    if (known == handles_.end()) return;
    handle = known->second;
  }
  metrics_->record(ctx_, handle, value);
}

void ServiceDispatcher::notice(const Message& message) {
  FieldReader in(message.body);
  if (message.header.method == Method::kLog && log_ != nullptr) {
    const auto level = static_cast<int32_t>(in.number<uint8_t>());
    const capstan_str line = text(in), fields = text(in);
    const std::string_view trace = in.text();
    if (!in.complete()) return;
    const TraceScope scope(TraceContext{std::string(trace.substr(0, kMaxTraceId)), ""});
    log_->write(ctx_, level, line, fields);
  } else if (message.header.method == Method::kMetricRecord && metrics_ != nullptr) {
    record_metric(in);
  } else if (message.header.method == Method::kEvent && events_ != nullptr) {
    const capstan_str event = text(in);
    if (in.complete()) events_->record(ctx_, event);
  } else if (message.header.method == Method::kWake && wake_ != nullptr) {
    const capstan_str version = text(in), kind = text(in), ns = text(in), name = text(in);
    if (in.complete()) wake_->wake(ctx_, version, kind, ns, name);
  }
}

}  // namespace capstan::isolation
