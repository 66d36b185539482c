// For a provider's own tests: a host that only pretends, and a plugin called through its real
// tables, without a library file and without Capstan.
//
// Thread safety: one thread, but for what the plugin itself calls from others while services are
// not being set up.
//
// Example:
//   FakeHost host;
//   host.secrets["token"] = "abc";
//   PluginUnderTest<MyPlugin> plugin(host, {{"region", "eu"}});
//   ReconciledObject machine(plugin, machine_json);
//   machine.cluster = cluster_json;
//   machine.owner = machine_owner_json;
//   machine.run(5);
//   EXPECT_EQ(machine.condition("Ready"), "True");
#pragma once

#include <capstan/plugin.h>

#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace capstan::sdk {

// Every service, answered from members that the test sets.
class FakeHost {
 public:
  std::map<std::string, std::string> secrets;
  std::vector<Json> objects;                       // what the objects service knows
  int64_t unix_nanos = 1'767'225'600'000'000'000;  // 2026-01-01
  int64_t monotonic_nanos = 1'000'000'000;
  // What workload clusters and the PKI answer; unset: kUnavailable.
  std::function<Expected<HttpAnswer>(const std::string& cluster, const Json& request)> workload;
  std::function<Expected<HttpAnswer>(const std::string& cluster, const Json& request)> pod;
  std::function<Expected<Json>(const std::string& cluster)> nodes;
  std::function<Expected<Json>(const Json& request)> pki;
  std::set<std::string> absent;  // extension ids that this host does not have

  // What the plugin did.
  std::vector<std::string> log_lines;  // "info: message {fields}"
  std::vector<Json> events;
  std::vector<std::string> woken;  // "kind ns/name"
  std::map<std::string, double> metrics;

  FakeHost() {
    table_.struct_size = sizeof(table_);
    table_.abi_minor = CAPSTAN_ABI_MINOR;
    table_.ctx = this;
    table_.get_extension = &get_extension;
  }
  FakeHost(const FakeHost&) = delete;
  const capstan_host* table() const { return &table_; }

 private:
  static FakeHost& of(void* ctx) { return *static_cast<FakeHost*>(ctx); }
  static std::string text(capstan_str bytes) { return std::string(to_view(bytes)); }

  static const void* get_extension(void* ctx, const char* id) {
    if (of(ctx).absent.contains(id)) return nullptr;
    static const std::map<std::string, const void*, std::less<>> kTables = {
        {CAPSTAN_EXT_LOG, &kLog},         {CAPSTAN_EXT_CLOCK, &kClock},
        {CAPSTAN_EXT_METRICS, &kMetrics}, {CAPSTAN_EXT_SECRETS, &kSecrets},
        {CAPSTAN_EXT_OBJECTS, &kObjects}, {CAPSTAN_EXT_EVENTS, &kEvents},
        {CAPSTAN_EXT_WAKE, &kWake},       {CAPSTAN_EXT_WORKLOAD, &kWorkload},
        {CAPSTAN_EXT_PKI, &kPki}};
    const auto table = kTables.find(std::string_view(id));
    return table == kTables.end() ? nullptr : table->second;
  }

  static void log(void* ctx, int32_t level, capstan_str message, capstan_str fields) {
    static constexpr const char* kLevels[] = {"?", "debug", "info", "warning", "error"};
    const std::lock_guard lock(of(ctx).mutex_);
    of(ctx).log_lines.push_back(std::string(kLevels[level > 4 || level < 0 ? 0 : level]) + ": " +
                                text(message) + (fields.size == 0 ? "" : " " + text(fields)));
  }
  static uint32_t define(void* ctx, int32_t, capstan_str name, capstan_str, capstan_str labels) {
    const std::lock_guard lock(of(ctx).mutex_);
    of(ctx).metric_names_.push_back(text(name) + text(labels));
    return static_cast<uint32_t>(of(ctx).metric_names_.size());
  }
  static void record(void* ctx, uint32_t handle, double value) {
    const std::lock_guard lock(of(ctx).mutex_);
    of(ctx).metrics[of(ctx).metric_names_.at(handle - 1)] += value;
  }
  static capstan_status secret(void* ctx, capstan_str name, const capstan_sink* value) {
    const auto found = of(ctx).secrets.find(text(name));
    if (found == of(ctx).secrets.end()) return CAPSTAN_NOT_FOUND;
    detail::write(value, found->second);
    return CAPSTAN_OK;
  }
  static bool is(const Json& object, std::string_view api_version, std::string_view kind) {
    return string_at(object, "apiVersion") == api_version && string_at(object, "kind") == kind;
  }
  static capstan_status get_object(void* ctx, capstan_str api_version, capstan_str kind,
                                   capstan_str ns, capstan_str name, const capstan_sink* out) {
    for (const Json& object : of(ctx).objects) {
      if (is(object, to_view(api_version), to_view(kind)) &&
          string_at(object, "metadata/namespace") == to_view(ns) &&
          string_at(object, "metadata/name") == to_view(name)) {
        detail::write(out, dump_json(object));
        return CAPSTAN_OK;
      }
    }
    return CAPSTAN_NOT_FOUND;
  }
  static bool matches(const Json& object, const Json& query) {
    if (!is(object, string_at(query, "apiVersion"), string_at(query, "kind"))) return false;
    const std::string ns = string_at(query, "namespace");
    if (!ns.empty() && string_at(object, "metadata/namespace") != ns) return false;
    const Json labels = query.value("labels", Json::object());
    for (const auto& [key, value] : labels.items()) {
      if (label_of(object, key) != value) return false;
    }
    const std::string owner = string_at(query, "owner");
    if (owner.empty()) return true;
    const Json* owners = find_at(object, "metadata/ownerReferences");
    return owners != nullptr && std::any_of(owners->begin(), owners->end(), [&](const Json& o) {
             return string_at(o, "uid") == owner;
           });
  }
  static capstan_status list_objects(void* ctx, capstan_str query, const capstan_sink* out) {
    const Json wanted = Json::parse(to_view(query));
    Json list = Json::array();
    for (const Json& object : of(ctx).objects) {
      if (matches(object, wanted)) list.push_back(object);
    }
    detail::write(out, dump_json(list));
    return CAPSTAN_OK;
  }
  static void event(void* ctx, capstan_str event) {
    const std::lock_guard lock(of(ctx).mutex_);
    of(ctx).events.push_back(Json::parse(to_view(event)));
  }
  static void wake(void* ctx, capstan_str, capstan_str kind, capstan_str ns, capstan_str name) {
    const std::lock_guard lock(of(ctx).mutex_);
    of(ctx).woken.push_back(text(kind) + " " + text(ns) + "/" + text(name));
  }
  static capstan_status refuse(const Error& error, const capstan_diagnostics* diagnostics) {
    report(diagnostics, error);
    return static_cast<capstan_status>(error.code);
  }
  template <typename Answer>
  static capstan_status http(const Answer& answer, capstan_str cluster, capstan_str request,
                             const capstan_sink* out, const capstan_diagnostics* diagnostics) {
    if (!answer) return CAPSTAN_UNAVAILABLE;
    const auto result = answer(text(cluster), Json::parse(to_view(request)));
    if (!result.ok()) return refuse(result.error(), diagnostics);
    detail::write(out, dump_json({{"status", result->status},
                                  {"body", result->body},
                                  {"peerCertificate", result->peer_certificate}}));
    return CAPSTAN_OK;
  }
  static capstan_status workload_request(void* ctx, capstan_str, capstan_str cluster,
                                         capstan_str request, const capstan_sink* out,
                                         const capstan_diagnostics* diagnostics) {
    return http(of(ctx).workload, cluster, request, out, diagnostics);
  }
  static capstan_status pod_request(void* ctx, capstan_str, capstan_str cluster,
                                    capstan_str request, const capstan_sink* out,
                                    const capstan_diagnostics* diagnostics) {
    return http(of(ctx).pod, cluster, request, out, diagnostics);
  }
  static capstan_status list_nodes(void* ctx, capstan_str, capstan_str cluster,
                                   const capstan_sink* out,
                                   const capstan_diagnostics* diagnostics) {
    if (!of(ctx).nodes) return CAPSTAN_UNAVAILABLE;
    const auto result = of(ctx).nodes(text(cluster));
    if (!result.ok()) return refuse(result.error(), diagnostics);
    detail::write(out, dump_json(*result));
    return CAPSTAN_OK;
  }
  static capstan_status run_pki(void* ctx, capstan_str request, const capstan_sink* out,
                                const capstan_diagnostics* diagnostics) {
    if (!of(ctx).pki) return CAPSTAN_UNAVAILABLE;
    const auto result = of(ctx).pki(Json::parse(to_view(request)));
    if (!result.ok()) return refuse(result.error(), diagnostics);
    detail::write(out, dump_json(*result));
    return CAPSTAN_OK;
  }

  static constexpr capstan_log kLog = {sizeof(capstan_log), &log};
  static constexpr capstan_clock kClock = {sizeof(capstan_clock),
                                           [](void* ctx) { return of(ctx).unix_nanos; },
                                           [](void* ctx) { return of(ctx).monotonic_nanos; }};
  static constexpr capstan_metrics kMetrics = {sizeof(capstan_metrics), &define, &record};
  static constexpr capstan_secrets kSecrets = {sizeof(capstan_secrets), &secret};
  static constexpr capstan_objects kObjects = {sizeof(capstan_objects), &get_object, &list_objects};
  static constexpr capstan_events kEvents = {sizeof(capstan_events), &event};
  static constexpr capstan_wake kWake = {sizeof(capstan_wake), &wake};
  static constexpr capstan_workload kWorkload = {sizeof(capstan_workload), &workload_request,
                                                 &pod_request, &list_nodes};
  static constexpr capstan_pki kPki = {sizeof(capstan_pki), &run_pki};

  capstan_host table_{};
  std::mutex mutex_;
  std::vector<std::string> metric_names_;
};

// What a call gave back.
struct CallOutcome {
  capstan_status status = CAPSTAN_OK;
  Json reply = Json::object();  // null where the plugin wrote nothing
  std::vector<Error> diagnostics;
  std::vector<Error> warnings;
};

// One instance of a plugin class, made, activated, called and ended through its tables.
template <typename P>
class PluginUnderTest {
 public:
  // Throws std::runtime_error where the plugin cannot be made or activated.
  explicit PluginUnderTest(FakeHost& host, const Json& settings = Json::object()) {
    CallOutcome outcome;
    const auto table = diagnostics(outcome);
    if (detail::Instance<P>::create(host.table(), &plugin_, &table) != CAPSTAN_OK) {
      throw std::runtime_error("create failed: " + first(outcome));
    }
    const std::string text = dump_json(settings);
    if (plugin_->activate(plugin_->self, to_abi(text), &table) != CAPSTAN_OK) {
      plugin_->destroy(plugin_->self);
      throw std::runtime_error("activate failed: " + first(outcome));
    }
  }
  PluginUnderTest(const PluginUnderTest&) = delete;
  ~PluginUnderTest() {
    plugin_->deactivate(plugin_->self);
    plugin_->destroy(plugin_->self);
  }

  uint32_t attempt = 0;
  bool cancelled = false;

  CallOutcome reconcile(const Json& request) {
    const auto* table = static_cast<const capstan_reconcile*>(
        plugin_->get_extension(plugin_->self, CAPSTAN_EXT_RECONCILE));
    if (table == nullptr) throw std::runtime_error("the plugin does not offer reconcile");
    return call(request, [&](const capstan_call* call, const capstan_sink* reply) {
      const std::string text = dump_json(request);
      return table->reconcile(plugin_->self, call, to_abi(text), reply);
    });
  }
  // `old` is null on create. The reply is the patch of defaults.
  CallOutcome admit(const Json& object, const Json& old = nullptr) {
    const auto* table = static_cast<const capstan_admission*>(
        plugin_->get_extension(plugin_->self, CAPSTAN_EXT_ADMISSION));
    if (table == nullptr) throw std::runtime_error("the plugin does not offer admission");
    return call({{"object", object}}, [&](const capstan_call* call, const capstan_sink* reply) {
      const std::string text = dump_json(object);
      const std::string old_text = old.is_null() ? "" : dump_json(old);
      return table->admit(plugin_->self, call, to_abi(text), to_abi(old_text), reply);
    });
  }

 private:
  static std::string first(const CallOutcome& outcome) {
    return outcome.diagnostics.empty() ? "no diagnostic" : outcome.diagnostics.front().summary;
  }
  static capstan_diagnostics diagnostics(CallOutcome& outcome) {
    return {sizeof(capstan_diagnostics), &outcome,
            [](void* ctx, const capstan_diagnostic* diagnostic) {
              auto& kept = *static_cast<CallOutcome*>(ctx);
              Error error;
              error.summary = to_view(diagnostic->summary);
              error.detail = to_view(diagnostic->detail);
              error.field = to_view(diagnostic->field);
              error.terminal = diagnostic->terminal != 0;
              if (diagnostic->retry_after_ms >= 0) {
                error.retry_after = Milliseconds(diagnostic->retry_after_ms);
              }
              (diagnostic->severity == CAPSTAN_SEVERITY_WARNING ? kept.warnings : kept.diagnostics)
                  .push_back(std::move(error));
            }};
  }
  template <typename Body>
  CallOutcome call(const Json& request, Body body) {
    CallOutcome outcome;
    const auto table = diagnostics(outcome);
    const std::string uid = string_at(request, "object/metadata/uid");
    capstan_call call{};
    call.struct_size = sizeof(call);
    call.attempt = attempt;
    call.deadline_ns = std::numeric_limits<int64_t>::max();
    call.idempotency_key = to_abi(uid);
    call.ctx = this;
    call.is_cancelled = [](void* self) -> int32_t {
      return static_cast<PluginUnderTest*>(self)->cancelled ? 1 : 0;
    };
    call.diagnostics = &table;
    detail::StringSink reply;
    outcome.status = body(&call, reply.get());
    outcome.reply = reply.text().empty() ? Json() : Json::parse(reply.text());
    return outcome;
  }

  const capstan_plugin* plugin_ = nullptr;
};

// An object that is reconciled again and again, each reply committed to it as the host would.
template <typename P>
class ReconciledObject {
 public:
  ReconciledObject(PluginUnderTest<P>& plugin, Json object)
      : object(std::move(object)), plugin_(plugin) {}

  Json object;
  Json cluster, owner, bootstrap_secret;  // null where absent
  Json relations = Json::object();
  std::string now = "2026-01-01T00:00:00Z";
  CallOutcome last;

  // One call and its commit.
  CallOutcome& step() {
    Json request = {{"object", object}, {"relations", relations}, {"now", now}};
    if (!cluster.is_null()) request["cluster"] = cluster;
    if (!owner.is_null()) request["owner"] = owner;
    if (!bootstrap_secret.is_null()) request["bootstrapSecret"] = bootstrap_secret;
    last = plugin_.reconcile(request);
    if (last.reply.is_object()) {
      object.merge_patch(last.reply.value("patch", Json::object()));
      for (const Json& condition : last.reply.value("conditions", Json::array())) set(condition);
    }
    return last;
  }
  // So many calls, or fewer where one changes nothing and asks for no requeue.
  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      const Json before = object;
      step();
      if (object == before && !last.reply.contains("requeueAfterMs")) return;
    }
  }
  // Its status, "" where absent.
  std::string condition(std::string_view type) const { return member(type, "status"); }
  std::string reason(std::string_view type) const { return member(type, "reason"); }
  // True where it is to be deleted and no finalizer holds it: the host would remove it.
  bool gone() const {
    const Json* finalizers = find_at(object, "metadata/finalizers");
    return !string_at(object, "metadata/deletionTimestamp").empty() &&
           (finalizers == nullptr || finalizers->empty());
  }
  void ask_deletion() { make_at(object, "metadata/deletionTimestamp") = now; }

 private:
  std::string member(std::string_view type, const char* name) const {
    const Json* condition = condition_of(object, type);
    return condition == nullptr ? "" : string_at(*condition, name);
  }
  void set(const Json& condition) {
    Json& list = make_at(object, "status/conditions");
    if (!list.is_array()) list = Json::array();
    for (Json& existing : list) {
      if (existing.at("type") == condition.at("type")) {
        existing.update(condition);
        return;
      }
    }
    list.push_back(condition);
  }

  PluginUnderTest<P>& plugin_;
};

}  // namespace capstan::sdk
