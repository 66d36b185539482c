// What a call of a plugin costs: as a plain function, in this process, in a process of its own, in
// Python, and over gRPC on a Unix socket (where gRPC is installed); and what it costs to find, load
// and start one. Interleaved in one run. Budgets: an isolated call of 4 KB takes at most 15 us on a
// quiet machine and an eighth of gRPC's, one of Python in this process 80 us.
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
#include <filesystem>
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

struct Subject {
  const char* plugin;
  const char* file;
  const char* isolation;
};
constexpr const char* kReply = R"({"patch":{"status":{"seen":true}},"requeueAfterMs":1500})";

std::unique_ptr<Provider> start(const Subject& subject) {
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
  config.name = subject.plugin;
  config.file = subject.file;
  config.isolation = subject.isolation;
  ProbeCache cache("");
  auto provider = load_plugin(config, options, cache);
  if (!provider.ok() || !(*provider)->activate(Json::object()).ok()) std::abort();
  return *std::move(provider);
}

[[gnu::noinline]] capstan_status answer(std::string_view request, std::string& reply) {
  benchmark::DoNotOptimize(request);
  reply.append(kReply);
  return CAPSTAN_OK;
}

void call_function(benchmark::State& state) {
  const std::string request(static_cast<size_t>(state.range(0)), 'x');
  for (auto _ : state) {
    std::string reply;
    benchmark::DoNotOptimize(answer(request, reply));
    benchmark::DoNotOptimize(reply);
  }
}

// An object of about so many bytes. The plugin in C looks for a word in it, the one in Python
// parses it and reconciles an external resource: a new one, or (the larger) one that is up to date.
std::string request_of(size_t size) {
  Json object = {{"kind", "Greeting"}, {"metadata", {{"name", "a"}, {"uid", "u"}}}};
  if (size > 64) {
    object["metadata"]["finalizers"] = {"finalizer.managedresource.crossplane.io"};
    object["metadata"]["annotations"]["crossplane.io/external-name"] = "a";
    object["spec"]["forProvider"]["text"] = "hello";
  }
  for (int i = 0; size > 64 && dump_json(object).size() + 12 < size; ++i) {
    object["spec"]["forProvider"]["field" + std::to_string(i)] = {
        {"name", "some value"}, {"items", {1, 2, 3}}, {"text", std::string(40, 'x')}};
  }
  return dump_json({{"object", object}});
}

void call_plugin(benchmark::State& state, Subject subject) {
  const auto provider = start(subject);
  const std::string request = request_of(static_cast<size_t>(state.range(0)));
  ProviderCall call;
  call.key = "6fc1cf0e-6b1f-4f0a-9e38-7a7cf27a4d36";
  // The first one of Python's makes what the others find.
  (void)provider->reconcile(call, request);
  for (auto _ : state) {
    const ProviderReply reply = provider->reconcile(call, request);
    if (reply.status != Code::kOk) state.SkipWithError("the call failed");
    benchmark::DoNotOptimize(reply);
  }
}

// Read and judged, loaded, activated and ended.
void start_plugin(benchmark::State& state, Subject subject) {
  for (auto _ : state) benchmark::DoNotOptimize(start(subject));
}

// The manifests of a folder with a hundred plugins.
void scan_folder(benchmark::State& state) {
  namespace fs = std::filesystem;
  const fs::path folder =
      fs::temp_directory_path() / ("capstan-scan-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  for (int i = 0; i < 100; ++i) {
    fs::copy_file(CAPSTAN_BENCHMARK_PLUGIN, folder / (std::to_string(i) + ".so"),
                  fs::copy_options::overwrite_existing);
  }
  for (auto _ : state) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      const auto file = read_plugin_file(entry.path().string());
      if (!file.ok()) state.SkipWithError(file.error().message.c_str());
    }
  }
  fs::remove_all(folder);
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
              const grpc::Slice slice(kReply);
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
  const std::string text = request_of(static_cast<size_t>(state.range(0)));
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
benchmark::internal::Benchmark* add_once(const std::string& name, Function function,
                                         Arguments... arguments) {
  return benchmark::RegisterBenchmark(
             name.c_str(), [=](benchmark::State& state) { function(state, arguments...); })
      ->UseRealTime()
      ->ComputeStatistics("min", [](const std::vector<double>& values) {
        return *std::min_element(values.begin(), values.end());
      });
}

template <typename Function, typename... Arguments>
void add(const std::string& name, Function function, Arguments... arguments) {
  add_once(name, function, arguments...)->ArgName("bytes")->Arg(64)->Arg(4096);
}

void add_plugin(const std::string& name, Subject subject) {
  add("call/" + name, call_plugin, subject);
  add_once("start/" + name, start_plugin, subject);
}

}  // namespace
}  // namespace capstan::isolation

int main(int argc, char** argv) {
  using namespace capstan::isolation;  // NOLINT: this program's own
  spdlog::set_level(spdlog::level::err);
#ifdef CAPSTAN_HAVE_GRPC
  const std::string where = "unix:/tmp/capstan-benchmark-" + std::to_string(::getpid()) + ".sock";
  if (::fork() == 0) serve_grpc(where);  // before anything here has threads
  add("call/grpc", call_grpc, where);
#endif
  add("call/function", call_function);
  for (const char* isolation : {"in-process", "process", "sandbox"}) {
    add_plugin(isolation, {"plain", CAPSTAN_BENCHMARK_PLUGIN, isolation});
  }
#ifdef CAPSTAN_BENCHMARK_PYTHON
  // The interpreter stays in a process once it is there, so its start here is not measured.
  add("call/python/in-process", call_plugin,
      Subject{"hello-python", CAPSTAN_BENCHMARK_PYTHON, "in-process"});
  add_plugin("python/process", {"hello-python", CAPSTAN_BENCHMARK_PYTHON, "process"});
#endif
  add_once("scan/100 files", scan_folder);
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
