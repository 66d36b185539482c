// The ABI's host tables over a handler: each call becomes a HostCall, its answer goes back into the
// plugin's sink and diagnostics.
//
// What the handler throws becomes CAPSTAN_INTERNAL: no exception leaves the host.
//
// Thread safety: the tables may be called from any thread.
// Lifetime: outlives the plugin's instance.
#pragma once

#include <memory>

#include "runtime/plugin/host_calls/host_call.h"
#include "runtime/plugin/host_services/host_services.h"

namespace capstan {

class HostCallTables final : public HostTable {
 public:
  explicit HostCallTables(std::shared_ptr<HostCallHandler> handler);
  HostCallTables(const HostCallTables&) = delete;
  HostCallTables& operator=(const HostCallTables&) = delete;

  const capstan_host* table(uint32_t abi_minor) override;
  HostCallHandler& handler() { return *handler_; }

  // The table of one service, or null where it is none of ext/services.h.
  static const void* service_table(std::string_view id);
  // All services that there are.
  static const std::vector<std::string>& services();

 private:
  static const void* get_extension(void* ctx, const char* id);

  std::shared_ptr<HostCallHandler> handler_;
  capstan_host table_{};
};

}  // namespace capstan
