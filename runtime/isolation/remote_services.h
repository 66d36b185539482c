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

  // The plugin's handles of metrics are numbers of its own, which stay as they are when another
  // host knows them by other handles. 0: the host refuses the metric.
  uint32_t define_metric(const std::string& definition);
  void record_metric(uint32_t number, double value) const;
  // For a new host, before it is asked anything else.
  void define_metrics_again(CallClient& host) const;

 private:
  static const void* get_extension(void* ctx, const char* id);
  ServiceLine& host_;
  const std::set<std::string> offered_;
  capstan_host table_{};
  mutable std::mutex metrics_mutex_;
  std::vector<std::string> metrics_;  // definitions; the first has number 1
};

}  // namespace capstan::isolation
