#include "runtime/server/server.h"

#include <spdlog/spdlog.h>

#include <atomic>
#include <cstdlib>

#include "capstan_version.h"
#include "runtime/api/api_server.h"
#include "runtime/api/server_identity.h"
#include "runtime/isolation/handover.h"
#include "runtime/server/provider_runtime.h"
#include "runtime/server/runtime_core.h"
#include "runtime/server/server_metrics.h"
#include "runtime/server/trace_file.h"
#include "runtime/server/wake_signal.h"
#include "runtime/system/execute_again.h"
#include "runtime/system/file.h"
#include "runtime/system/memory.h"

namespace capstan {
namespace {

// Parsed trees that nobody used for this long are dropped to save memory.
constexpr std::chrono::seconds kTidyEvery{10};

Result<std::unique_ptr<ApiServer>> serve_api(EventLoop& loop, RuntimeCore& core,
                                             const ServerConfig& config,
                                             const ServerIdentity& identity,
                                             const std::atomic<bool>& ready,
                                             RequestMetrics& requests) {
  ApiServerOptions options;
  options.listen.address = config.listen.host;
  options.listen.port = config.listen.port;
  options.listen.tls = identity.tls();
  options.listen.max_connections = config.max_connections;
  if (!config.token_file.empty()) {
    Result<Authenticator> tokens =
        Authenticator::from_token_file(TRY(read_file(config.token_file)));
    if (!tokens.ok()) return std::move(tokens).error().with_context(config.token_file);
    options.api.authenticator = *std::move(tokens);
  }
  options.api.ready = [&ready]() -> Result<void> {
    if (ready) return {};
    return Error::unavailable("providers and controllers are starting");
  };
  options.api.nonce = core.random.uuid();
  options.api.metrics = &core.metrics;
  options.api.requests = &requests;
  return ApiServer::create(loop, *core.resources, std::move(options));
}

enum class ServerEnd { kStop, kRenew };

ServerEnd end_of(WakeSignal::Reason reason, isolation::Handover& handover) {
  if (reason != WakeSignal::Reason::kRenew) return ServerEnd::kStop;
  handover.begin();
  return ServerEnd::kRenew;
}

// What was stored is complete at any moment, so there is nothing to wind up.
ServerEnd stopped_early(WakeSignal& signals, isolation::Handover& handover) {
  spdlog::info("stopping before the start was done");
  return end_of(signals.wait(Duration::zero()), handover);
}

// A program that cannot be started any more is found out while this one still runs.
bool may_renew(const std::string& program) {
  const Result<void> there = check_executable(program);
  if (!there.ok()) spdlog::error("not started anew: {}; going on as before", there.error().message);
  return there.ok();
}

// Until a signal says that it is to end.
WakeSignal::Reason work(WakeSignal& signals, RuntimeCore& core, ProviderRuntime& providers,
                        const std::string& program) {
  while (true) {
    const WakeSignal::Reason reason = signals.wait(kTidyEvery);
    switch (reason) {
      case WakeSignal::Reason::kWoken:
        providers.apply();
        continue;
      case WakeSignal::Reason::kTimeout:
        if (core.cache->drop_idle_trees() > 0) release_free_memory();
        continue;
      case WakeSignal::Reason::kRenew:
        if (!may_renew(program)) continue;
        return reason;
      case WakeSignal::Reason::kStop:
        return reason;
    }
  }
}

struct StopAtEnd {
  ProviderRuntime& providers;
  ~StopAtEnd() { providers.stop(); }
};

// Returns when nothing of it is left but what the handover has.
Result<ServerEnd> serve(const ServerConfig& config, const Listening& listening, WakeSignal& signals,
                        isolation::Handover& handover, const std::string& program) {
  TRY(make_folder(config.data_dir, 0700));
  // Outlives the providers, which use it until they are gone.
  const std::unique_ptr<RuntimeCore> core = TRY(RuntimeCore::open(config.data_dir));
  if (signals.stop_asked()) return stopped_early(signals, handover);
  std::unique_ptr<TraceFile> traces;
  if (!config.trace_file.empty()) {
    traces = TRY(TraceFile::open(config.trace_file, CAPSTAN_VERSION));
  }
  ProviderRuntime providers(config, TRY(TrustPolicy::create(config.trust)), core->clock, signals,
                            traces.get(), handover);
  providers.hold_writes(*core);
  providers.try_ahead(*core);
  RequestMetrics requests(core->metrics, core->clock);
  add_server_metrics(*core, providers);
  std::vector<std::string> names = config.server_names;
  names.push_back(config.listen.host);
  const ServerIdentity identity = TRY(load_server_identity(config.data_dir, names, core->clock));
  std::atomic<bool> ready{false};
  EventLoop loop;
  const auto api = TRY(serve_api(loop, *core, config, identity, ready, requests));
  const std::string kubeconfig = TRY(write_admin_kubeconfig(identity, api->url()));
  // On every way out the controllers end before what they stand on.
  const StopAtEnd stop_providers{providers};
  const Result<void> started = providers.start(*core, [&signals] { signals.wake(); });
  if (started.code() == Code::kCancelled) return stopped_early(signals, handover);
  TRY(started);
  handover.end_rest();
  ready = true;
  listening(api->url(), kubeconfig);

  const ServerEnd end = end_of(work(signals, *core, providers, program), handover);
  spdlog::info(end == ServerEnd::kRenew ? "starting anew" : "stopping");
  ready = false;
  api->close(std::chrono::seconds(5));
  return end;
}

}  // namespace

Result<void> run_server(const Configure& configure, const Listening& listening) {
  WakeSignal::hold_renewal();
  const std::string program = path_to_execute_again();
  // Before anything that can fail: what the program before has left has to end then.
  isolation::Handover handover(std::getenv(isolation::Handover::kVariable));
  ::unsetenv(isolation::Handover::kVariable);
  const ServerConfig config = TRY(configure());
  // Before anything starts, so that the start can be stopped as well.
  const auto signals = TRY(WakeSignal::create());
  if (TRY(serve(config, listening, *signals, handover, program)) == ServerEnd::kStop) return {};
  close_all_on_exec();
  ::setenv(isolation::Handover::kVariable, handover.to_text().c_str(), 1);
  return execute_again(program);
}

}  // namespace capstan
