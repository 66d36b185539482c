// The host as a plugin sees it: where its services are found.
//
// Thread safety: all members from any thread. Lifetime: of the plugin's instance.
#pragma once

#include <capstan/services.h>

namespace capstan::sdk {

class Host {
 public:
  explicit Host(const capstan_host* host) : host_(host) {}
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  // The services may be used from activate on; before, they answer as if the host had none.
  Log log() const { return {log_, ctx()}; }
  Clock clock() const { return {clock_, ctx()}; }
  Metrics metrics() const { return {metrics_, ctx()}; }
  Secrets secrets() const { return {secrets_, ctx()}; }
  Objects objects() const { return {objects_, ctx()}; }
  Events events() const { return {events_, ctx()}; }
  Wake wake() const { return {wake_, ctx()}; }
  Workload workload() const { return {workload_, ctx()}; }
  Pki pki() const { return {pki_, ctx()}; }

  // Any other extension of the host's by its id, or null.
  const void* extension(const char* id) const {
    return CAPSTAN_HAS(host_, get_extension) ? host_->get_extension(host_->ctx, id) : nullptr;
  }
  // The first argument of every function of an extension.
  void* ctx() const { return host_ == nullptr ? nullptr : host_->ctx; }
  uint32_t abi_minor() const { return host_ == nullptr ? 0 : host_->abi_minor; }

  // Fetches the services; called by the SDK when the plugin is activated.
  void connect() {
    fetch(log_, CAPSTAN_EXT_LOG);
    fetch(clock_, CAPSTAN_EXT_CLOCK);
    fetch(metrics_, CAPSTAN_EXT_METRICS);
    fetch(secrets_, CAPSTAN_EXT_SECRETS);
    fetch(objects_, CAPSTAN_EXT_OBJECTS);
    fetch(events_, CAPSTAN_EXT_EVENTS);
    fetch(wake_, CAPSTAN_EXT_WAKE);
    fetch(workload_, CAPSTAN_EXT_WORKLOAD);
    fetch(pki_, CAPSTAN_EXT_PKI);
  }

 private:
  template <typename Table>
  void fetch(const Table*& slot, const char* id) {
    slot = static_cast<const Table*>(extension(id));
  }

  const capstan_host* host_;
  const capstan_log* log_ = nullptr;
  const capstan_clock* clock_ = nullptr;
  const capstan_metrics* metrics_ = nullptr;
  const capstan_secrets* secrets_ = nullptr;
  const capstan_objects* objects_ = nullptr;
  const capstan_events* events_ = nullptr;
  const capstan_wake* wake_ = nullptr;
  const capstan_workload* workload_ = nullptr;
  const capstan_pki* pki_ = nullptr;
};

}  // namespace capstan::sdk
