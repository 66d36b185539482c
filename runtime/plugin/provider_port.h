// The Provider port: what the core asks of a provider, whatever stands behind it. Adapters: a
// shared library in this process (native_provider.h), one in a child process, a Python plugin.
//
// Thread safety: activate and deactivate one at a time and never during other calls; reconcile and
// admit from any thread, never two reconciles for one object at the same time.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/plugin/manifest.h"
#include "runtime/telemetry/metric.h"

namespace capstan {

// What comes with a call.
struct ProviderCall {
  uint32_t attempt = 0;                          // failures in a row for this object
  MonotonicTime deadline{};                      // zero: none
  std::string_view key = {};                     // the object's uid
  std::string_view trace_id = {};                // W3C trace id or ""
  const std::atomic<bool>* cancelled = nullptr;  // true: give up; null: never
};

struct ProviderDiagnostic {
  bool warning = false;
  std::string summary;
  std::string detail;
  std::string field;  // JSON pointer, "" where none applies
  std::optional<std::chrono::milliseconds> retry_after;
  bool terminal = false;
  std::string reason = {};  // of the object's Ready condition; "": ReconcileFailed
};

inline constexpr const char* kPluginUnavailable = "PluginUnavailable";
inline constexpr const char* kPluginQuarantined = "PluginQuarantined";

struct ProviderReply {
  Code status = Code::kOk;
  std::string text;  // JSON as ext/reconcile.h or ext/admission.h has it; may be empty
  std::vector<ProviderDiagnostic> diagnostics;

  // The failure as one error: the first diagnostic, or the code. Precondition: status != kOk.
  Error error(std::string_view provider) const;
  bool terminal() const;
  // The reason of the Ready condition of an object whose reconcile failed so.
  std::string reason() const;
};

// Seconds of a call: from one that only looks at its memory to one that runs into its deadline.
inline constexpr double kProviderCallBounds[] = {0.00001, 0.0001, 0.001, 0.01, 0.1, 0.5,
                                                 1,       5,      10,    30,   60};

// What it did since it was loaded, for metrics.
struct ProviderStatistics {
  uint64_t calls = 0;
  uint64_t failures = 0;
  HistogramSnapshot latency = {};  // of the calls
  uint64_t restarts = 0;           // of the plugin's process, where it has one of its own
  uint64_t crashes = 0;            // ends of that process that nobody asked for
  uint64_t quarantines = 0;
  std::map<Code, uint64_t> failures_by_code = {};
  double cpu_seconds = 0;  // of its process, or of calls in this one; see CallCpu
  // As they are now:
  uint64_t in_flight = 0;       // calls
  uint64_t resident_bytes = 0;  // of its process, 0 where it has none

  ProviderStatistics& operator+=(const ProviderStatistics& other);
};

// How a provider is, for people, conditions and metrics. A provider in a process of its own may be
// away for a while.
struct ProviderState {
  std::string name = "Running";           // or "Restarting", "Quarantined", "Stopped"
  std::string message = {};               // why, and what to do
  std::vector<std::string> notices = {};  // what its isolation cannot enforce on this machine
  std::string isolation = "in-process";   // or "process", "sandbox"
  int64_t pid = 0;                        // of its process, 0 where it has none
  uint64_t crashes = 0;   // ends of its process that nobody asked for, since activate
  uint64_t restarts = 0;  // starts after such an end
  Duration retry_in{0};   // until the next start, while restarting or in quarantine
};

class Provider {
 public:
  virtual ~Provider() = default;

  virtual const Manifest& manifest() const = 0;
  const std::string& name() const { return manifest().name; }
  // "/usr/lib/capstan/plugins/docker.so": where it comes from, for people.
  virtual const std::string& origin() const = 0;

  // Errors: what the plugin said of the settings, or why it cannot run.
  virtual Result<void> activate(const Json& settings) = 0;
  // Returns when no call is running and no thread of the plugin's is left.
  virtual void deactivate() = 0;
  // Deactivates, and takes the code out of memory. Gives why it stays there, ""
  // where it does not. Nothing may be called afterwards. From where reconcile is not running.
  virtual std::string end() {
    deactivate();
    return "";
  }

  // `request` as ext/reconcile.h has it. Never fails otherwise than by the reply's status.
  virtual ProviderReply reconcile(const ProviderCall& call, std::string_view request) = 0;
  // `old` is "" on create. kUnimplemented where the plugin checks nothing.
  virtual ProviderReply admit(const ProviderCall& call, std::string_view object,
                              std::string_view old) = 0;

  virtual ProviderStatistics statistics() const = 0;
  // From any thread.
  virtual ProviderState state() const { return {}; }
  // Its process is away for a short while and is about to come back: what is to be called may wait
  // so long and look again, so that nothing is said of an absence that nobody need know of. Nothing
  // where calls are answered, if only by why it is away. From any thread.
  virtual std::optional<Duration> away() const { return {}; }
  // Starts a quarantined provider again and forgets its crashes. False where it is in none. From
  // any thread.
  virtual bool unquarantine() { return false; }
};

}  // namespace capstan
