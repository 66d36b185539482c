// The other side of IsolatedProvider: what capstan-plugin-host runs. Greets the host, limits
// itself, loads the library and answers calls until the host closes the connection.
//
// Thread safety: run() once, from the process's main thread, before there are others: what limits a
// thread limits those that it starts.
#pragma once

#include <memory>
#include <string>

#include "runtime/isolation/call_client.h"
#include "runtime/isolation/call_server.h"
#include "runtime/isolation/remote_services.h"
#include "runtime/plugin/native_provider.h"

namespace capstan::isolation {

class PluginHost {
 public:
  // `calls` and `direct`: from the host; `services`: to the host.
  PluginHost(Fd calls, Fd services, Fd direct);
  ~PluginHost();

  // The process's exit code.
  int run();

 private:
  Result<std::string> greet(const Message& hello);
  Result<void> load(const PluginFile& file, const Json& hello);
  CallServer::Answer answer(const Message& message, const std::atomic<bool>& cancelled);
  CallServer::Answer work(const Message& message, const std::atomic<bool>& cancelled);

  Channel call_channel_;
  Channel service_channel_;
  Channel direct_channel_;
  CallClient services_;
  std::unique_ptr<NativeProvider> provider_;
};

}  // namespace capstan::isolation
