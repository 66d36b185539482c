// The other side of IsolatedProvider: what capstan-plugin-host runs. Greets the host, limits
// itself, loads the library and answers calls until the host closes the connection, or starts
// itself anew and comes back with another one (handover.h).
//
// Thread safety: run() once, from the process's main thread, before there are others: what limits a
// thread limits those that it starts.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "runtime/isolation/call_server.h"
#include "runtime/isolation/remote_services.h"
#include "runtime/isolation/service_line.h"
#include "runtime/plugin/native_provider.h"

namespace capstan::isolation {

class PluginHost {
 public:
  // `calls` and `direct`: from the host; `services`: to the host; `control`: new ones come there,
  // invalid where none will.
  PluginHost(Fd calls, Fd services, Fd direct, Fd control);
  ~PluginHost();

  // The process's exit code.
  int run();

 private:
  // Where calls come from.
  struct Calls {
    Calls(Fd calls, Fd direct) : pooled(std::move(calls)), direct(std::move(direct)) {}
    Channel pooled;
    Channel direct;
  };
  void serve();
  bool wait_for_host();
  Result<Json> greet(const Message& hello);
  Result<void> load(const PluginFile& file, const Json& hello);
  CallServer::Answer answer(const Message& message, const std::atomic<bool>& cancelled);
  CallServer::Answer detach();
  CallServer::Answer work(const Message& message, const std::atomic<bool>& cancelled);

  std::unique_ptr<Calls> calls_;
  ServiceLine line_;
  const Fd control_;
  Json greeting_;  // but for the nonce
  std::atomic<bool> detached_{false};
  RemoteServices* services_ = nullptr;  // the provider's
  std::unique_ptr<NativeProvider> provider_;
};

}  // namespace capstan::isolation
