// The host and a call as Python sees them: the classes NativeHost and NativeCall of the built-in
// module _capstan, with the functions that the SDK's protocols of these names have.
//
// Every function gives the interpreter's lock back while the host works, so that a host that calls
// another Python plugin meanwhile does not wait for this one.
#pragma once

#include <capstan/abi.h>
#include <capstan/ext/services.h>
#include <pybind11/pybind11.h>

#include <string>

namespace capstan::python {

// The services of one instance. A table that the host does not have is null.
// Lifetime: the host outlives it. Thread safety: any thread that holds the interpreter's lock.
class NativeHost {
 public:
  explicit NativeHost(const capstan_host* host);

  void log(int level, const std::string& message, const std::string& fields) const;
  int64_t unix_nanos() const;
  int64_t monotonic_nanos() const;
  uint32_t define_metric(int type, const std::string& name, const std::string& help,
                         const std::string& labels) const;
  void record_metric(uint32_t handle, double value) const;
  pybind11::tuple secret(const std::string& name) const;
  pybind11::tuple get_object(const std::string& api_version, const std::string& kind,
                             const std::string& ns, const std::string& name) const;
  pybind11::tuple list_objects(const std::string& query) const;
  void record_event(const std::string& event) const;
  void wake(const std::string& api_version, const std::string& kind, const std::string& ns,
            const std::string& name) const;
  pybind11::tuple workload_request(const std::string& ns, const std::string& cluster,
                                   const std::string& request) const;
  pybind11::tuple pod_request(const std::string& ns, const std::string& cluster,
                              const std::string& request) const;
  pybind11::tuple nodes(const std::string& ns, const std::string& cluster) const;
  pybind11::tuple pki(const std::string& request) const;

 private:
  template <typename Table>
  const Table* fetch(const char* id) const;

  const capstan_host* host_;
  void* ctx_;
  const capstan_log* log_;
  const capstan_clock* clock_;
  const capstan_metrics* metrics_;
  const capstan_secrets* secrets_;
  const capstan_objects* objects_;
  const capstan_events* events_;
  const capstan_wake* wake_;
  const capstan_workload* workload_;
  const capstan_pki* pki_;
};

// One call. A provider that keeps it beyond the call sees one that was given up.
class NativeCall {
 public:
  explicit NativeCall(const capstan_call* call) : call_(call) {}
  void end() { call_ = nullptr; }

  uint32_t attempt() const { return call_ == nullptr ? 0 : call_->attempt; }
  int64_t deadline_ns() const { return call_ == nullptr ? 0 : call_->deadline_ns; }
  std::string idempotency_key() const;
  std::string trace_id() const;
  bool cancelled() const;

 private:
  const capstan_call* call_;
};

// Makes the module. Precondition: the interpreter runs and its lock is held.
void define_host_module();

}  // namespace capstan::python
