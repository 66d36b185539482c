// What a call of a plugin written in Python costs in this process: the text in, an object parsed
// and read, a patch and a condition out. Budget: 80 us with a 4 KB object.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <iostream>

#include "runtime/plugin/plugin_loader.h"

namespace capstan {
namespace {

// CAPSTAN_BENCHMARK_FOLDER is the example hello-python.
std::unique_ptr<Provider> load() {
  static SystemClock clock;
  PluginConfig config;
  config.name = "hello-python";
  config.file = CAPSTAN_BENCHMARK_FOLDER;
  config.isolation = "in-process";
  ProbeCache cache("");
  auto provider = load_plugin(config, {.ports = {.clock = clock}}, cache);
  if (!provider.ok()) {
    std::cerr << provider.error().message << "\n";
    std::abort();
  }
  if (!(*provider)->activate(Json::object()).ok()) std::abort();
  return *std::move(provider);
}

std::string greeting(size_t size) {
  Json object = {{"kind", "Greeting"}, {"metadata", {{"name", "a"}, {"uid", "u"}}}};
  object["metadata"]["finalizers"] = {"finalizer.managedresource.crossplane.io"};
  object["metadata"]["annotations"]["crossplane.io/external-name"] = "a";
  object["spec"]["forProvider"]["text"] = "hello";
  for (int i = 0; dump_json(object).size() < size; ++i) {
    object["spec"]["forProvider"]["field" + std::to_string(i)] = {
        {"name", "some value"}, {"items", {1, 2, 3}}, {"text", std::string(40, 'x')}};
  }
  return dump_json({{"object", object}});
}

// The shortest way: no kind that the plugin knows.
void call_with_64_bytes(benchmark::State& state) {
  const auto provider = load();
  const std::string request = R"({"object":{"kind":"Other","metadata":{"name":"a","uid":"u"}}})";
  for (auto _ : state) benchmark::DoNotOptimize(provider->reconcile({}, request));
}
BENCHMARK(call_with_64_bytes);

// A whole reconcile of an external resource that is up to date.
void reconcile(benchmark::State& state) {
  const auto provider = load();
  const std::string request = greeting(static_cast<size_t>(state.range(0)));
  if (provider->reconcile({}, request).status != Code::kOk) std::abort();
  for (auto _ : state) benchmark::DoNotOptimize(provider->reconcile({}, request));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * request.size()));
}
BENCHMARK(reconcile)->ArgName("bytes")->Arg(64)->Arg(4096);

}  // namespace
}  // namespace capstan
