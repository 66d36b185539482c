#include "runtime/plugin/host_calls/table_caller.h"

#include <string>
#include <utility>

#include "runtime/plugin/diagnostics_collector.h"
#include "sdk/include/capstan/ext/services.h"

namespace capstan {
namespace {

// The arguments and the answer of one call, as the tables want them.
class Frame {
 public:
  explicit Frame(const HostCall& call, HostAnswer& answer)
      : call_(call), answer_(answer), collector_(answer.diagnostics) {
    sink_ = {sizeof(sink_), &answer.text, [](void* text, capstan_str bytes) {
               if (bytes.data != nullptr) {
                 static_cast<std::string*>(text)->append(bytes.data, bytes.size);
               }
             }};
  }

  capstan_str text(const char* name) const {
    const auto found = call_.arguments.find(name);
    if (found == call_.arguments.end() || !found->is_string()) return {nullptr, 0};
    return abi_str(found->get_ref<const std::string&>());
  }
  int64_t number(const char* name) const { return get_int(call_.arguments, {name}); }
  double real(const char* name) const { return call_.arguments.value(name, 0.0); }
  const capstan_sink* sink() const { return &sink_; }
  const capstan_diagnostics* diagnostics() const { return collector_.table(); }
  void status(capstan_status status) { answer_.status = static_cast<Code>(status); }
  void number(int64_t value) { answer_.number = value; }

 private:
  const HostCall& call_;
  HostAnswer& answer_;
  capstan_sink sink_{};
  const DiagnosticsCollector collector_;
};

bool run(const capstan_log& t, void* ctx, const std::string&, Frame& f) {
  t.write(ctx, static_cast<int32_t>(f.number("level")), f.text("message"), f.text("fields"));
  return true;
}
bool run(const capstan_clock& t, void* ctx, const std::string& function, Frame& f) {
  f.number(function == "unix_nanos" ? t.unix_nanos(ctx) : t.monotonic_nanos(ctx));
  return true;
}
bool run(const capstan_metrics& t, void* ctx, const std::string& function, Frame& f) {
  if (function == "record") {
    t.record(ctx, static_cast<uint32_t>(f.number("handle")), f.real("value"));
  } else {
    f.number(t.define(ctx, static_cast<int32_t>(f.number("type")), f.text("name"), f.text("help"),
                      f.text("labels")));
  }
  return true;
}
bool run(const capstan_secrets& t, void* ctx, const std::string&, Frame& f) {
  f.status(t.get(ctx, f.text("name"), f.sink()));
  return true;
}
bool run(const capstan_objects& t, void* ctx, const std::string& function, Frame& f) {
  f.status(function == "list" ? t.list(ctx, f.text("query"), f.sink())
                              : t.get(ctx, f.text("apiVersion"), f.text("kind"),
                                      f.text("namespace"), f.text("name"), f.sink()));
  return true;
}
bool run(const capstan_events& t, void* ctx, const std::string&, Frame& f) {
  t.record(ctx, f.text("event"));
  return true;
}
bool run(const capstan_wake& t, void* ctx, const std::string&, Frame& f) {
  t.wake(ctx, f.text("apiVersion"), f.text("kind"), f.text("namespace"), f.text("name"));
  return true;
}
bool run(const capstan_workload& t, void* ctx, const std::string& function, Frame& f) {
  const capstan_str ns = f.text("namespace"), cluster = f.text("cluster");
  if (function == "nodes") {
    f.status(t.nodes(ctx, ns, cluster, f.sink(), f.diagnostics()));
  } else {
    const auto call = function == "request" ? t.request : t.pod_request;
    f.status(call(ctx, ns, cluster, f.text("request"), f.sink(), f.diagnostics()));
  }
  return true;
}
bool run(const capstan_pki& t, void* ctx, const std::string&, Frame& f) {
  f.status(t.run(ctx, f.text("request"), f.sink(), f.diagnostics()));
  return true;
}

template <typename Table>
bool run_as(const char* id, const HostCall& call, const capstan_host& host, Frame& frame) {
  if (call.service != id) return false;
  const auto* table = static_cast<const Table*>(host.get_extension(host.ctx, id));
  return table != nullptr && run(*table, host.ctx, call.function, frame);
}

}  // namespace

TableCaller::TableCaller(std::unique_ptr<HostTable> host)
    : host_(std::move(host)), table_(host_->table(CAPSTAN_ABI_MINOR)) {}

bool TableCaller::offers(std::string_view service) {
  return table_->get_extension(table_->ctx, std::string(service).c_str()) != nullptr;
}

HostAnswer TableCaller::call(const HostCall& call) {
  HostAnswer answer;
  Frame frame(call, answer);
  const bool known = run_as<capstan_log>(CAPSTAN_EXT_LOG, call, *table_, frame) ||
                     run_as<capstan_clock>(CAPSTAN_EXT_CLOCK, call, *table_, frame) ||
                     run_as<capstan_metrics>(CAPSTAN_EXT_METRICS, call, *table_, frame) ||
                     run_as<capstan_secrets>(CAPSTAN_EXT_SECRETS, call, *table_, frame) ||
                     run_as<capstan_objects>(CAPSTAN_EXT_OBJECTS, call, *table_, frame) ||
                     run_as<capstan_events>(CAPSTAN_EXT_EVENTS, call, *table_, frame) ||
                     run_as<capstan_wake>(CAPSTAN_EXT_WAKE, call, *table_, frame) ||
                     run_as<capstan_workload>(CAPSTAN_EXT_WORKLOAD, call, *table_, frame) ||
                     run_as<capstan_pki>(CAPSTAN_EXT_PKI, call, *table_, frame);
  if (!known) answer.status = Code::kUnimplemented;
  return answer;
}

}  // namespace capstan
