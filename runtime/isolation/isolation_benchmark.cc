// What a call of a plugin costs in this process, in a process of its own, and over gRPC on a Unix
// socket (where gRPC is installed), interleaved in one run. Budget: an isolated call of 4 KB takes
// at most 15 us on a quiet machine, and an eighth of gRPC's.
//
//   isolation_benchmark                 # processes on different processors, as the system likes
//   taskset -c 0 isolation_benchmark    # on one: what the calls cost without waking a processor
#include <benchmark/benchmark.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "runtime/isolation/host_program.h"
#include "runtime/isolation/isolated_provider.h"
#include "runtime/plugin/plugin_loader.h"
#ifdef CAPSTAN_HAVE_GRPC
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/impl/codegen/method_handler.h>
#include <grpcpp/impl/codegen/rpc_method.h>
#include <grpcpp/impl/codegen/rpc_service_method.h>
#include <grpcpp/impl/codegen/service_type.h>
#endif

namespace capstan::isolation {
namespace {

std::unique_ptr<Provider> start(const std::string& isolation) {
  static SystemClock clock;
  static SystemRandom random;
  LoaderOptions options{.ports = {.clock = clock}};
  options.isolated = [](const PluginConfig& config, const PluginFile& file,
                        std::unique_ptr<HostTable> services) -> Result<std::unique_ptr<Provider>> {
    IsolationOptions isolated{.clock = clock, .random = random};
    isolated.program = TRY(plugin_host_program());
    isolated.sandbox = config.isolation == "sandbox";
    return std::unique_ptr<Provider>(
        std::make_unique<IsolatedProvider>(file, std::move(services), isolated));
  };
  PluginConfig config;
  config.name = "plain";
  config.file = CAPSTAN_BENCHMARK_PLUGIN;
  config.isolation = isolation;
  ProbeCache cache("");
  auto provider = load_plugin(config, options, cache);
  if (!provider.ok() || !(*provider)->activate(Json::object()).ok()) std::abort();
  return *std::move(provider);
}

void call_plugin(benchmark::State& state, const char* isolation) {
  const auto provider = start(isolation);
  const std::string request(static_cast<size_t>(state.range(0)), 'x');
  ProviderCall call;
  call.key = "6fc1cf0e-6b1f-4f0a-9e38-7a7cf27a4d36";
  for (auto _ : state) {
    const ProviderReply reply = provider->reconcile(call, request);
    if (reply.status != Code::kOk) state.SkipWithError("the call failed");
    benchmark::DoNotOptimize(reply);
  }
}

#ifdef CAPSTAN_HAVE_GRPC
constexpr const char* kMethod = "/capstan.Plugin/Reconcile";

// What protoc would generate, for bytes instead of a message: gRPC's cost without protobuf's.
class EchoService final : public grpc::Service {
 public:
  EchoService() {
    AddMethod(new grpc::internal::RpcServiceMethod(
        kMethod, grpc::internal::RpcMethod::NORMAL_RPC,
        new grpc::internal::RpcMethodHandler<EchoService, grpc::ByteBuffer, grpc::ByteBuffer>(
            [](EchoService*, grpc::ServerContext*, const grpc::ByteBuffer*,
               grpc::ByteBuffer* reply) {
              const grpc::Slice slice(
                  R"({"patch":{"status":{"seen":true}},"requeueAfterMs":1500})");
              *reply = grpc::ByteBuffer(&slice, 1);
              return grpc::Status::OK;
            },
            this)));
  }
};

[[noreturn]] void serve_grpc(const std::string& where) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  EchoService service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(where, grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  server->Wait();
  std::_Exit(0);
}

void call_grpc(benchmark::State& state, const std::string& where) {
  const auto channel = grpc::CreateChannel(where, grpc::InsecureChannelCredentials());
  channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10));
  const grpc::internal::RpcMethod method(kMethod, grpc::internal::RpcMethod::NORMAL_RPC, channel);
  const std::string text(static_cast<size_t>(state.range(0)), 'x');
  for (auto _ : state) {
    const grpc::Slice slice(text);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer reply;
    grpc::ClientContext context;
    const grpc::Status status =
        grpc::internal::BlockingUnaryCall(channel.get(), method, &context, request, &reply);
    if (!status.ok()) state.SkipWithError(status.error_message().c_str());
  }
}
#endif

template <typename Function, typename... Arguments>
void add(const std::string& name, Function function, Arguments... arguments) {
  benchmark::RegisterBenchmark(name.c_str(),
                               [=](benchmark::State& state) { function(state, arguments...); })
      ->ArgName("bytes")
      ->Arg(64)
      ->Arg(4096)
      ->UseRealTime()
      ->ComputeStatistics("min", [](const std::vector<double>& values) {
        return *std::min_element(values.begin(), values.end());
      });
}

}  // namespace
}  // namespace capstan::isolation

int main(int argc, char** argv) {
  using namespace capstan::isolation;  // NOLINT: this program's own
  spdlog::set_level(spdlog::level::err);
#ifdef CAPSTAN_HAVE_GRPC
  const std::string where = "unix:/tmp/capstan-benchmark-" + std::to_string(::getpid()) + ".sock";
  if (::fork() == 0) serve_grpc(where);  // before anything here has threads
  add("grpc", call_grpc, where);
#endif
  add("in_process", call_plugin, "in-process");
  add("process", call_plugin, "process");
  add("sandbox", call_plugin, "sandbox");
  std::vector<char*> arguments(argv, argv + argc);
  for (const char* flag :
       {"--benchmark_enable_random_interleaving=true", "--benchmark_repetitions=9",
        "--benchmark_min_time=0.1", "--benchmark_report_aggregates_only=true"}) {
    arguments.insert(arguments.begin() + 1, const_cast<char*>(flag));
  }
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  benchmark::RunSpecifiedBenchmarks();
#ifdef CAPSTAN_HAVE_GRPC
  ::unlink(where.c_str() + 5);
#endif
  return 0;
}
