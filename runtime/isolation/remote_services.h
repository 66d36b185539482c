// The host's services as a plugin sees them in a process of its own: tables whose functions are
// messages to the host. The clock is the machine's and needs none.
//
// Logs, events, wake-ups and metrics are sent without waiting for an answer.
//
// Thread safety: the tables may be called from any thread. Lifetime: outlives the plugin's
// instance.
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/isolation/messages.h"
#include "runtime/isolation/service_line.h"
#include "runtime/plugin/host_services/host_services.h"

namespace capstan::isolation {

class RemoteServices final : public HostTable {
 public:
  // `offered`: what the host says it has; other services are absent.
  RemoteServices(ServiceLine& host, std::set<std::string> offered);

  const capstan_host* table(uint32_t abi_minor) override;

  // The reply's text goes into the sink, its diagnostics to `diagnostics` (may be null).
  capstan_status call(Method method, std::string_view body, const capstan_sink* out,
                      const capstan_diagnostics* diagnostics) const;
  void notice(Method method, std::string_view body) const;

  // The plugin's handles of metrics are this object's own, since those of the host are others after
  // a new connection.
  uint32_t define_metric(std::string definition);
  void record_metric(uint32_t handle, double value) const;
  // After a new connection: the host is to know them again.
  void define_metrics_again();

 private:
  static const void* get_extension(void* ctx, const char* id);
  uint32_t define_at_host(std::string_view definition) const;

  struct DefinedMetric {
    std::string definition;
    uint32_t handle = 0;  // of the host
  };
  ServiceLine& host_;
  const std::set<std::string> offered_;
  capstan_host table_{};
  mutable std::mutex metrics_mutex_;
  std::vector<DefinedMetric> metrics_;
};

}  // namespace capstan::isolation
