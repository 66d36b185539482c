// The host's services, typed. A service that the host does not have answers kUnimplemented (or does
// nothing, where nothing can be answered), so a plugin needs no checks of its own.
//
// Thread safety: all members from any thread between activate and deactivate.
//
// Example:
//   host.log().info("server made", {{"server", id}});
//   const SecretString token = CAPSTAN_TRY(host.secrets().get("token"));
#pragma once

#include <capstan/call.h>
#include <capstan/ext/services.h>
#include <capstan/json.h>
#include <capstan/secret_string.h>
#include <capstan/status.h>

#include <chrono>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace capstan::sdk {

namespace detail {

// Collects what a service writes.
class StringSink {
 public:
  StringSink() {
    sink_.struct_size = sizeof(sink_);
    sink_.ctx = &text_;
    sink_.write = [](void* text, capstan_str bytes) {
      static_cast<std::string*>(text)->append(to_view(bytes));
    };
  }
  StringSink(const StringSink&) = delete;
  const capstan_sink* get() const { return &sink_; }
  std::string& text() { return text_; }

 private:
  std::string text_;
  capstan_sink sink_{};
};

// Keeps the first error diagnostic of a service call.
class FirstDiagnostic {
 public:
  FirstDiagnostic() {
    table_.struct_size = sizeof(table_);
    table_.ctx = &error_;
    table_.add = [](void* slot, const capstan_diagnostic* diagnostic) {
      auto& error = *static_cast<Error*>(slot);
      if (!error.summary.empty() || diagnostic == nullptr) return;
      error.summary = to_view(diagnostic->summary);
      error.detail = to_view(diagnostic->detail);
      error.field = to_view(diagnostic->field);
      if (diagnostic->retry_after_ms >= 0) {
        error.retry_after = Milliseconds(diagnostic->retry_after_ms);
      }
      error.terminal = diagnostic->terminal != 0;
    };
  }
  FirstDiagnostic(const FirstDiagnostic&) = delete;
  const capstan_diagnostics* get() const { return &table_; }
  Error error(capstan_status status, std::string_view what) {
    error_.code = static_cast<Code>(status);
    if (error_.summary.empty()) {
      error_.summary = std::string(what) + " failed with status " + std::to_string(status);
    }
    return std::move(error_);
  }

 private:
  Error error_;
  capstan_diagnostics table_{};
};

inline Error absent_service(std::string_view id) {
  return Error::make(Code::kUnimplemented, "the host does not offer " + std::string(id),
                     "Name it in the manifest's `needs`, or use a newer host.");
}
inline Error service_error(capstan_status status, std::string what) {
  return Error::make(static_cast<Code>(status),
                     std::move(what) + " failed with status " + std::to_string(status));
}

}  // namespace detail

class Log {
 public:
  Log(const capstan_log* table, void* ctx) : table_(table), ctx_(ctx) {}
  void debug(std::string_view message, const Json& fields = {}) const {
    write(CAPSTAN_LOG_DEBUG, message, fields);
  }
  void info(std::string_view message, const Json& fields = {}) const {
    write(CAPSTAN_LOG_INFO, message, fields);
  }
  void warning(std::string_view message, const Json& fields = {}) const {
    write(CAPSTAN_LOG_WARNING, message, fields);
  }
  void error(std::string_view message, const Json& fields = {}) const {
    write(CAPSTAN_LOG_ERROR, message, fields);
  }

 private:
  void write(int32_t level, std::string_view message, const Json& fields) const {
    if (!CAPSTAN_HAS(table_, write)) return;
    const std::string text = fields.empty() ? "" : dump_json(fields);
    table_->write(ctx_, level, to_abi(message), to_abi(text));
  }
  const capstan_log* table_;
  void* ctx_;
};

// Time; where the host has no clock, the system's.
class Clock {
 public:
  Clock(const capstan_clock* table, void* ctx) : table_(table), ctx_(ctx) {}
  int64_t unix_nanos() const {
    if (CAPSTAN_HAS(table_, unix_nanos)) return table_->unix_nanos(ctx_);
    return std::chrono::system_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
  }
  int64_t monotonic_nanos() const {
    if (CAPSTAN_HAS(table_, monotonic_nanos)) return table_->monotonic_nanos(ctx_);
    return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
  }

 private:
  const capstan_clock* table_;
  void* ctx_;
};

// One counter, gauge or histogram. Valid until deactivate.
class Metric {
 public:
  Metric() = default;
  Metric(const capstan_metrics* table, void* ctx, uint32_t handle)
      : table_(table), ctx_(ctx), handle_(handle) {}
  // Adds to a counter, sets a gauge, observes for a histogram.
  void record(double value = 1) const {
    if (handle_ != 0) table_->record(ctx_, handle_, value);
  }

 private:
  const capstan_metrics* table_ = nullptr;
  void* ctx_ = nullptr;
  uint32_t handle_ = 0;
};

class Metrics {
 public:
  Metrics(const capstan_metrics* table, void* ctx) : table_(table), ctx_(ctx) {}
  // Defined once, in activate. `labels`: a JSON object of strings.
  Metric counter(std::string_view name, std::string_view help, const Json& labels = {}) const {
    return define(CAPSTAN_METRIC_COUNTER, name, help, labels);
  }
  Metric gauge(std::string_view name, std::string_view help, const Json& labels = {}) const {
    return define(CAPSTAN_METRIC_GAUGE, name, help, labels);
  }
  Metric histogram(std::string_view name, std::string_view help, const Json& labels = {}) const {
    return define(CAPSTAN_METRIC_HISTOGRAM, name, help, labels);
  }

 private:
  Metric define(int32_t type, std::string_view name, std::string_view help,
                const Json& labels) const {
    if (!CAPSTAN_HAS(table_, define) || !CAPSTAN_HAS(table_, record)) return {};
    const std::string text = labels.empty() ? "" : dump_json(labels);
    return {table_, ctx_, table_->define(ctx_, type, to_abi(name), to_abi(help), to_abi(text))};
  }
  const capstan_metrics* table_;
  void* ctx_;
};

class Secrets {
 public:
  Secrets(const capstan_secrets* table, void* ctx) : table_(table), ctx_(ctx) {}
  // Errors: kNotFound where the config maps no value to the name, kPermissionDenied where the
  // manifest's needs.secrets does not name it.
  Expected<SecretString> get(std::string_view name) const {
    if (!CAPSTAN_HAS(table_, get)) return detail::absent_service(CAPSTAN_EXT_SECRETS);
    SecretString value;  // written into directly, so that no other copy is left behind
    capstan_sink sink{};
    sink.struct_size = sizeof(sink);
    sink.ctx = &value;
    sink.write = [](void* secret, capstan_str bytes) {
      static_cast<SecretString*>(secret)->append(to_view(bytes));
    };
    const capstan_status status = table_->get(ctx_, to_abi(name), &sink);
    if (status != CAPSTAN_OK) return secret_error(status, std::string(name));
    return value;
  }

 private:
  static Error secret_error(capstan_status status, const std::string& name) {
    if (status == CAPSTAN_NOT_FOUND) {
      return Error::make(Code::kNotFound, "secret \"" + name + "\" has no value",
                         "Set it under the plugin's `secrets` in the config.");
    }
    return detail::service_error(status, "reading secret \"" + name + "\"");
  }
  const capstan_secrets* table_;
  void* ctx_;
};

// Which objects to list; empty members match all.
struct ObjectQuery {
  std::string api_version = {};
  std::string kind = {};
  std::string ns = {};
  std::map<std::string, std::string> labels = {};
  std::string owner_uid = {};
};

// Stored objects of the plugin's own kinds and of those in the manifest's needs.objects.
class Objects {
 public:
  Objects(const capstan_objects* table, void* ctx) : table_(table), ctx_(ctx) {}
  // Errors: kNotFound; kPermissionDenied where the manifest does not name the kind.
  Expected<Json> get(std::string_view api_version, std::string_view kind, std::string_view ns,
                     std::string_view name) const {
    if (!CAPSTAN_HAS(table_, get)) return detail::absent_service(CAPSTAN_EXT_OBJECTS);
    detail::StringSink object;
    const capstan_status status = table_->get(ctx_, to_abi(api_version), to_abi(kind), to_abi(ns),
                                              to_abi(name), object.get());
    if (status != CAPSTAN_OK) {
      return detail::service_error(
          status, "reading " + std::string(kind) + " " + std::string(ns) + "/" + std::string(name));
    }
    return parse_json(object.text());
  }
  Expected<std::vector<Json>> list(const ObjectQuery& query) const {
    if (!CAPSTAN_HAS(table_, list)) return detail::absent_service(CAPSTAN_EXT_OBJECTS);
    Json text = {{"apiVersion", query.api_version}, {"kind", query.kind}};
    if (!query.ns.empty()) text["namespace"] = query.ns;
    if (!query.labels.empty()) text["labels"] = query.labels;
    if (!query.owner_uid.empty()) text["owner"] = query.owner_uid;
    detail::StringSink objects;
    const capstan_status status = table_->list(ctx_, to_abi(dump_json(text)), objects.get());
    if (status != CAPSTAN_OK) return detail::service_error(status, "listing " + query.kind);
    Json list = CAPSTAN_TRY(parse_json(objects.text()));
    if (!list.is_array()) return Error::internal("the host's list of " + query.kind + " is none");
    return std::vector<Json>(std::make_move_iterator(list.begin()),
                             std::make_move_iterator(list.end()));
  }

 private:
  const capstan_objects* table_;
  void* ctx_;
};

// Events outside a reconcile call; within one, Reply::event.
class Events {
 public:
  Events(const capstan_events* table, void* ctx) : table_(table), ctx_(ctx) {}
  void record(const Json& regarding, std::string_view type, std::string_view reason,
              std::string_view message) const {
    if (!CAPSTAN_HAS(table_, record)) return;
    const Json event = {{"regarding",
                         {{"apiVersion", string_at(regarding, "apiVersion")},
                          {"kind", string_at(regarding, "kind")},
                          {"namespace", string_at(regarding, "metadata/namespace")},
                          {"name", string_at(regarding, "metadata/name")},
                          {"uid", string_at(regarding, "metadata/uid")}}},
                        {"type", type},
                        {"reason", reason},
                        {"message", message}};
    table_->record(ctx_, to_abi(dump_json(event)));
  }

 private:
  const capstan_events* table_;
  void* ctx_;
};

// Asks for a reconcile of one of the plugin's objects, from one of its own threads.
class Wake {
 public:
  Wake(const capstan_wake* table, void* ctx) : table_(table), ctx_(ctx) {}
  void wake(std::string_view api_version, std::string_view kind, std::string_view ns,
            std::string_view name) const {
    if (!CAPSTAN_HAS(table_, wake)) return;
    table_->wake(ctx_, to_abi(api_version), to_abi(kind), to_abi(ns), to_abi(name));
  }

 private:
  const capstan_wake* table_;
  void* ctx_;
};

struct HttpAnswer {
  int status = 0;
  std::string body = {};
  std::string peer_certificate = {};  // PEM, where the request asked for it
};

// Requests to workload clusters, by the name of their Cluster.
class Workload {
 public:
  Workload(const capstan_workload* table, void* ctx) : table_(table), ctx_(ctx) {}
  // `request`: {"method","path","contentType","body","timeoutMs"}. An HTTP error is an answer.
  // Errors: kUnavailable (no answer), kFailedPrecondition (no kubeconfig yet).
  Expected<HttpAnswer> request(std::string_view ns, std::string_view cluster,
                               const Json& request) const {
    if (!CAPSTAN_HAS(table_, request)) return detail::absent_service(CAPSTAN_EXT_WORKLOAD);
    return answer(table_->request, ns, cluster, request);
  }
  // With {"podNamespace","pod","port","serverName","ca","certificate","key","peerCertificate"} in
  // `request`.
  Expected<HttpAnswer> pod_request(std::string_view ns, std::string_view cluster,
                                   const Json& request) const {
    if (!CAPSTAN_HAS(table_, pod_request)) return detail::absent_service(CAPSTAN_EXT_WORKLOAD);
    return answer(table_->pod_request, ns, cluster, request);
  }
  // The cluster's Nodes, from a watch that the host keeps.
  Expected<Json> nodes(std::string_view ns, std::string_view cluster) const {
    if (!CAPSTAN_HAS(table_, nodes)) return detail::absent_service(CAPSTAN_EXT_WORKLOAD);
    detail::StringSink reply;
    detail::FirstDiagnostic first;
    const capstan_status status =
        table_->nodes(ctx_, to_abi(ns), to_abi(cluster), reply.get(), first.get());
    if (status != CAPSTAN_OK)
      return first.error(status, "listing nodes of " + std::string(cluster));
    return parse_json(reply.text());
  }

 private:
  Expected<HttpAnswer> answer(decltype(capstan_workload::request) call, std::string_view ns,
                              std::string_view cluster, const Json& request) const {
    detail::StringSink reply;
    detail::FirstDiagnostic first;
    const capstan_status status = call(ctx_, to_abi(ns), to_abi(cluster),
                                       to_abi(dump_json(request)), reply.get(), first.get());
    if (status != CAPSTAN_OK) {
      return first.error(status, "request to cluster " + std::string(cluster));
    }
    const Json parsed = CAPSTAN_TRY(parse_json(reply.text()));
    return HttpAnswer{static_cast<int>(int_at(parsed, "status")), string_at(parsed, "body"),
                      string_at(parsed, "peerCertificate")};
  }
  const capstan_workload* table_;
  void* ctx_;
};

// Keys and certificates, made by the host. Requests and replies as ext/services.h has them.
class Pki {
 public:
  Pki(const capstan_pki* table, void* ctx) : table_(table), ctx_(ctx) {}
  Expected<Json> run(const Json& request) const {
    if (!CAPSTAN_HAS(table_, run)) return detail::absent_service(CAPSTAN_EXT_PKI);
    detail::StringSink reply;
    detail::FirstDiagnostic first;
    const capstan_status status =
        table_->run(ctx_, to_abi(dump_json(request)), reply.get(), first.get());
    if (status != CAPSTAN_OK) {
      return first.error(status, "pki operation \"" + string_at(request, "op") + "\"");
    }
    return parse_json(reply.text());
  }

 private:
  const capstan_pki* table_;
  void* ctx_;
};

}  // namespace capstan::sdk
