// What the host offers to one plugin: the tables of ext/services.h, answered from the ports that
// the program wires. One object a plugin, so log lines, metrics, secrets and object access are
// that plugin's.
//
// A port that is not set makes its service absent, which a plugin sees as a null table.
//
// Thread safety: the tables may be called from any thread.
// Lifetime: outlives the plugin's instance; everything in the options outlives this.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/controller/reconciler.h"
#include "runtime/plugin/host_services/secret_redactor.h"
#include "runtime/store/watch_cache.h"
#include "runtime/telemetry/metric.h"
#include "runtime/workload/workload.h"
#include "sdk/include/capstan/abi.h"

namespace capstan {

// Where a plugin's metrics go. Thread safety: any thread; record() is hot.
class PluginMetrics {
 public:
  virtual ~PluginMetrics() = default;
  // `name` is the whole name. 0 where it cannot be defined. The same name and labels give the same
  // handle.
  virtual uint32_t define(MetricType type, const std::string& name, const std::string& help,
                          const std::map<std::string, std::string>& labels) = 0;
  virtual void record(uint32_t handle, double value) = 0;
};

struct HostServicesOptions {
  std::string plugin;  // its name, the tag of everything
  Clock& clock;
  // Which kinds it may read; unset: none.
  std::function<bool(const GroupKind&)> may_read = {};
  // The names of secrets that its manifest asks for, each with where its value is: "env:NAME" or
  // "file:PATH" (read at each get, so a rotated file counts), "" where the config has none.
  std::map<std::string, std::string> secrets = {};
  const WatchCache* objects = nullptr;
  PluginMetrics* metrics = nullptr;
  WorkloadClusters* workload = nullptr;
  std::function<void(const EventRecord&)> events = {};
  std::function<void(const ObjectKey&)> wake = {};
  // Request and reply as ext/services.h has them for capstan.pki/1.
  std::function<Result<Json>(const Json& request)> pki = {};
};

// What a plugin's instance is given as its host. Thread safety: the tables from any thread.
class HostTable {
 public:
  virtual ~HostTable() = default;
  // `abi_minor` is the negotiated one. Lifetime: of this.
  virtual const capstan_host* table(uint32_t abi_minor) = 0;
  // Takes the secrets that the plugin was given out of a text for people.
  virtual void redact(std::string&) {}
  // The plugin was given its secrets by another host, which is not there any more.
  virtual void know_secrets() {}
  // Another text where the plugin would get other secrets; says nothing of what they are.
  virtual std::string secrets_stamp() const { return ""; }
};

class HostServices final : public HostTable {
 public:
  explicit HostServices(HostServicesOptions options);
  HostServices(const HostServices&) = delete;
  HostServices& operator=(const HostServices&) = delete;

  const capstan_host* table(uint32_t abi_minor) override;
  void redact(std::string& text) override { redactor_.redact(text); }
  void know_secrets() override;
  std::string secrets_stamp() const override;

  const HostServicesOptions& options() const { return options_; }

  // Knows the secrets that the plugin was given: for its diagnostics; log lines and events are
  // clean already.
  SecretRedactor& redactor() { return redactor_; }

  // The text of a secret reference. Errors: kNotFound (variable or file absent), kInvalid (no
  // "env:" or "file:"). The caller wipes it.
  static Result<std::string> read_secret(const std::string& reference);

 private:
  static const void* get_extension(void* ctx, const char* id);
  const HostServicesOptions options_;
  SecretRedactor redactor_;
  capstan_host table_{};
};

// Overwrites a text and what else its memory holds, in a way that the compiler keeps.
void wipe(std::string& text);

}  // namespace capstan
