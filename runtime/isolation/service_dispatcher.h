// The host's services for a plugin in a process of its own: each message is the call of a function
// of the tables that a plugin in this process would have, with the same checks behind it.
//
// Thread safety: all members from any thread. Lifetime: the tables outlive it.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/isolation/call_server.h"
#include "runtime/isolation/messages.h"
#include "sdk/include/capstan/ext/services.h"

namespace capstan::isolation {

class ServiceDispatcher {
 public:
  explicit ServiceDispatcher(const capstan_host* host);

  // A message that cannot be read is answered with kInvalid, one for a service that the plugin has
  // not with kUnimplemented.
  CallServer::Answer answer(const Message& message);
  void notice(const Message& message);

  // The ids of the services that the plugin has.
  const std::vector<std::string>& offered() const { return offered_; }

 private:
  Code call(Method method, FieldReader& in, ProviderReply& reply);
  Code define_metric(FieldReader& in);
  Code call_workload(Method method, FieldReader& in, ProviderReply& reply);
  void record_metric(FieldReader& in);

  void* const ctx_;
  const capstan_log* const log_;
  const capstan_metrics* const metrics_;
  const capstan_secrets* const secrets_;
  const capstan_objects* const objects_;
  const capstan_events* const events_;
  const capstan_wake* const wake_;
  const capstan_workload* const workload_;
  const capstan_pki* const pki_;
  std::vector<std::string> offered_;

  std::mutex metrics_mutex_;
  std::map<uint32_t, uint32_t> handles_;  // the plugin's own number -> the host's
};

}  // namespace capstan::isolation
